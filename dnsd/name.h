/*
 * name - domain names as text, in one spelling each: labels with dots
 * between, none at the end, "" the root; a byte that is no letter, digit, "-"
 * or "_" is \DDD (RFC 1035 section 5.1). Case stays as it is.
 */
#ifndef DNSD_NAME_H
#define DNSD_NAME_H

#include "ipc/dns_msg.h"

enum {
	NAME_WIRE_MAX = 255, /* RFC 1035 section 2.3.4, lengths included */
	NAME_LABEL_MAX = 63,
};

/* Append one byte of a label at out, 1 or 4 bytes; returns how many. */
size_t name_put_byte(char *out, unsigned char byte);

/*
 * What a client asks for, in that spelling and ASCII: U-labels become
 * A-labels (RFC 5891 section 5), a dot at the end goes. False when no such
 * name can exist: an empty or long label, too long in all, not IDNA.
 */
bool name_make(char out[DNS_NAME_MAX + 1], struct str in);

#endif
