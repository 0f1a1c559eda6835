/*
 * dnsc - asks dnsd: the client of those who wait for the answer.
 *
 * A connection that broke since the last question is made again and the
 * question asked once more. Each call ends within DNSC_TIMEOUT_MS; dnsd gives
 * up before that (dns_timeout). That dnsd cannot be reached is no error of
 * the call but an answer of status DNS_TEMP, as any other trouble with the
 * DNS: a caller has one thing to look at. What is returned lives in the
 * caller's arena; an arena that is full gives DNS_TEMP, too.
 *
 * Address literals of SMTP (RFC 5321 section 4.1.3), "[192.0.2.1]" and
 * "[IPv6:2001:db8::1]", may be given to dnsc_mx() and dnsc_addresses() as if
 * they were names, and a plain address as well; nobody is asked then. dnsc_mx()
 * of another "[name]" is that name without a look at its MX, as Postfix has
 * it in next hops.
 */
#ifndef DNSC_DNSC_H
#define DNSC_DNSC_H

#include "base/arena.h"
#include "ipc/conn.h"
#include "ipc/dns_msg.h"
#include "net/addr.h"

enum {
	DNSC_TIMEOUT_MS = 40000, /* above the largest dns_timeout */
	DNSC_REVERSE_SIZE = 76,  /* 32 nibbles, "ip6.arpa", a NUL */
};

struct dnsc {
	struct ipc_conn conn;
	const char *path; /* borrowed; the edge's name, "dnsd" */
};

/* Connects with the first question. */
void dnsc_init(struct dnsc *client, const char *path);
/* On a connection that is there, which becomes the client's; no other. */
void dnsc_init_fd(struct dnsc *client, int fd);
void dnsc_clear(struct dnsc *client);

/* The plain question. */
void dnsc_query(struct dnsc *client, struct str name, uint16_t type,
    struct dns_answer *answer, struct arena *arena);

/* Where the mail of a domain goes. */
struct dnsc_host {
	struct str name;
	uint16_t preference;
};

struct dnsc_mx {
	enum dns_status status;
	bool secure;   /* of the MX answer; an address literal's is false */
	bool is_null;  /* RFC 7505: this domain takes no mail; no hosts */
	bool implicit; /* no MX: the domain itself (RFC 5321 section 5.1) */
	uint32_t ttl;
	struct str reason; /* of DNS_TEMP and DNS_BOGUS */
	struct dnsc_host *hosts;
	size_t count; /* not 0 when DNS_FOUND, unless is_null */
};

/*
 * In order of preference, the order within one preference drawn by lot each
 * time (RFC 5321 section 5.1). A domain that is there without MX is
 * DNS_FOUND with itself; whether it has an address is for dnsc_addresses() to
 * say. A null MX beside others is left out, as it means nothing there.
 */
void dnsc_mx(struct dnsc *client, struct str domain, struct dnsc_mx *mx,
    struct arena *arena);

struct dnsc_addresses {
	enum dns_status status;
	bool secure; /* all that was asked is */
	uint32_t ttl;
	struct str name;    /* where the aliases of the host ended */
	struct str reason;  /* of DNS_TEMP and DNS_BOGUS */
	struct addr *addrs; /* port 0; IPv6 first, each as the server has it */
	size_t count;       /* not 0 when DNS_FOUND */
};

/*
 * A and AAAA. One of the two is enough for DNS_FOUND; if there is none, the
 * worse of the two answers is the status.
 */
void dnsc_addresses(struct dnsc *client, struct str host,
    struct dnsc_addresses *addresses, struct arena *arena);

/* The names of an address (PTR); of ADDR_UNIX there are none. */
void dnsc_ptr(struct dnsc *client, const struct addr *addr,
    struct dns_answer *answer, struct arena *arena);

/*
 * The bytes or nibbles of an IP address backwards with dots between, as names
 * under in-addr.arpa, ip6.arpa and block lists begin: "1.2.0.192". Without a
 * dot at the end; "" for other families.
 */
const char *dnsc_reverse(char out[DNSC_REVERSE_SIZE], const struct addr *addr);

/* Is it an address or address literal? Then *addr (port 0) is which. */
bool dnsc_literal(struct str text, struct addr *addr);

#endif
