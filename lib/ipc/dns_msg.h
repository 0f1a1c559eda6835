/*
 * dns_msg - whoever needs the DNS, to dnsd: what has this name?
 *
 * One question is a name and a type; the answer is the records of that type
 * (RFC 1035), whatever aliases (CNAME) led to them, and what kind of "no" it
 * is if there are none. An answer always comes; an ipc_error only when dnsd
 * cannot understand the question or has too many.
 *
 * Names are text without the dot at the end, "" being the root; bytes that
 * are no letter, digit, "-" or "_" come as \DDD, as in zone files. A question
 * may be in UTF-8 (IDNA 2008); a name that cannot exist (a label over 63
 * bytes, an empty one) is answered DNS_NO_NAME without asking anybody.
 */
#ifndef IPC_DNS_MSG_H
#define IPC_DNS_MSG_H

#include "ipc/codec.h"

enum {
	DNS_NAME_MAX = 1020,   /* 255 bytes, each as \DDD */
	DNS_RDATA_MAX = 16384, /* longer records are left out */
	DNS_RECORDS_MAX = 200, /* and what is behind so many */
	DNS_REASON_MAX = 300,
	DNS_QUERY = 90,
	DNS_ANSWER = 91,
};

/* Types we know to take apart; any other may be asked for, too. */
enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_TLSA = 52,
};

enum dns_status {
	DNS_FOUND,
	DNS_NO_NAME, /* there is no such name (NXDOMAIN) */
	DNS_NO_DATA, /* the name is there, records of that type are not */
	DNS_TEMP,    /* no answer in time, SERVFAIL, REFUSED: try later */
	DNS_BOGUS,   /* answered, but the signatures are wrong: try later */
};

struct dns_query {
	struct str name;
	uint16_t type;
};
extern const struct ipc_msg dns_query_msg;

struct dns_record {
	/*
	 * MX, NS, CNAME, PTR: the name they point to. TXT: its strings as
	 * one. A: 4 bytes, AAAA: 16. Others: the bytes as they stand in the
	 * record (TLSA: RFC 6698 section 2.1).
	 */
	struct str data;
	uint16_t preference; /* MX */
};

struct dns_answer {
	uint8_t status;    /* enum dns_status */
	bool secure;       /* DNSSEC proves it, a "no" as well */
	uint32_t ttl;      /* seconds the answer may be kept */
	struct str name;   /* where the aliases ended; the question's if none */
	struct str reason; /* of DNS_TEMP and DNS_BOGUS: for the log */
	struct ipc_list records; /* struct dns_record, as the server has them */
};
extern const struct ipc_msg dns_answer_msg;

/* "found", "no such name", ...: for logs and tests. */
const char *dns_status_name(uint8_t status);

#endif
