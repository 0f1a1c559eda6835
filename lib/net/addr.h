/*
 * addr - the address of one end of a connection, and networks to match it.
 *
 * IPv4, IPv6 and UNIX socket paths in one struct that a caller keeps on the
 * stack and copies freely. IPv4 in IPv6's clothes (::ffff:192.0.2.1, RFC 4291
 * section 2.5.5.2) is turned into IPv4 wherever an address comes in, so that
 * a dual-stack socket gives no second spelling of the same peer: two equal
 * peers compare equal, and a network of one family never matches the other.
 */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/str.h"

enum addr_family {
	ADDR_NONE, /* all zero: no address known */
	ADDR_IPV4,
	ADDR_IPV6,
	ADDR_UNIX,
};

enum {
	ADDR_PATH_SIZE = 108, /* sockaddr_un: 107 bytes and a NUL */
	ADDR_IP_SIZE = 48,    /* "xxxx:...:255.255.255.255" and a NUL */
	ADDR_SIZE = 5 + ADDR_PATH_SIZE, /* "unix:" and a path */
};

struct addr {
	enum addr_family family;
	uint16_t port;             /* host order; 0 for UNIX */
	uint32_t scope;            /* interface of a link-local address, or 0 */
	unsigned char ip[16];      /* network order; IPv4 in the first four */
	char path[ADDR_PATH_SIZE]; /* UNIX only; "" is an unnamed socket */
};

/* A network: the first bits of ip count. */
struct addr_net {
	struct addr addr; /* port 0, bits beyond the prefix zero */
	unsigned bits;    /* 0 to 32, 0 to 128 */
};

/*
 * All of text must be an IP address, "192.0.2.1" or "2001:db8::1", without
 * brackets, port or zone; port becomes 0. ERR_SYNTAX.
 */
int addr_parse_ip(struct addr *addr, struct str text, struct err *err);

/*
 * An address to listen on or connect to: "192.0.2.1:25", "[2001:db8::1]:25",
 * the same without a port (then port is the default given), "2001:db8::1", or
 * a path as "unix:run/socket" or "/run/socket". No host names. ERR_SYNTAX.
 */
int addr_parse(struct addr *addr, struct str text, uint16_t port,
    struct err *err);

/* 1 to 5 digits without leading zeroes, 0 to 65535. */
bool addr_parse_port(struct str text, uint16_t *port);

/* "192.0.2.1", "2001:db8::1"; "unix" and "unknown" for the other families. */
const char *addr_format_ip(char out[ADDR_IP_SIZE], const struct addr *addr);
/* "192.0.2.1:25", "[2001:db8::1]:25", "unix:run/socket", "unknown". */
const char *addr_format(char out[ADDR_SIZE], const struct addr *addr);

/* Other families than ours give ADDR_NONE. */
void addr_from_sockaddr(struct addr *addr, const struct sockaddr *sa,
    socklen_t len);
/* The length used, 0 for ADDR_NONE. */
socklen_t addr_to_sockaddr(struct sockaddr_storage *out,
    const struct addr *addr);
/* Our end of the connected or bound socket fd. */
int addr_of_local(struct addr *addr, int fd, struct err *err);

/* 127.0.0.0/8, ::1 and any UNIX socket. */
bool addr_is_loopback(const struct addr *addr);
/*
 * The bytes that name the host, borrowed from addr: 4, 16, or the path. As a
 * key for tables, since the lengths tell the families apart.
 */
struct str addr_host_key(const struct addr *addr);

/*
 * "192.0.2.0/24", "2001:db8::/32", "[2001:db8::]/32" (Postfix's form in
 * mynetworks), or a lone address, which is a network of one. Bits set beyond
 * the prefix are refused, as they are somebody's mistake. ERR_SYNTAX.
 */
int addr_net_parse(struct addr_net *net, struct str text, struct err *err);
bool addr_net_has(const struct addr_net *net, const struct addr *addr);

/*
 * A list of networks in Postfix's mynetworks form, separated by commas and
 * blanks, into net[max]; *count is how many. ERR_LIMIT when there are more.
 */
int addr_nets_parse(struct addr_net *net, size_t max, size_t *count,
    struct str text, struct err *err);
bool addr_nets_have(const struct addr_net *net, size_t count,
    const struct addr *addr);

#endif
