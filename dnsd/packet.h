/*
 * packet - answers as the DNS has them on the wire (RFC 1035 section 4),
 * turned into those of ipc/dns_msg.h.
 *
 * The bytes come from strangers, though libunbound has looked at them: every
 * length and pointer is checked again. Compression pointers only lead
 * backwards, so that a name ends after at most 255 bytes; at most
 * PACKET_ALIASES aliases are followed.
 */
#ifndef DNSD_PACKET_H
#define DNSD_PACKET_H

#include "base/arena.h"
#include "ipc/dns_msg.h"

enum { PACKET_ALIASES = 16 };

/*
 * The records of this type. name, type: what was asked. Fills status (FOUND,
 * NO_NAME, NO_DATA; TEMP for other response codes, with reason), ttl, name
 * and records; strings and list are the arena's. What does not parse is
 * ERR_CORRUPT, a full arena ERR_LIMIT.
 */
int packet_read(struct dns_answer *answer, struct str packet, struct str name,
    uint16_t type, struct arena *arena, struct err *err);

#endif
