/*
 * rewrite_msg - smtpd, lmtpd and qmgr to rewrite: what is this address?
 *
 * Addresses are "local@domain" in UTF-8 without angle brackets, the local
 * part unquoted where it was quoted needlessly. Trouble with the directory
 * is an ipc_error of kind ERR_TEMP; what the directory says is a status.
 */
#ifndef IPC_REWRITE_MSG_H
#define IPC_REWRITE_MSG_H

#include "ipc/codec.h"

enum {
	REWRITE_ADDRESS_MAX =
	    320,               /* 64 + "@" + 255: RFC 5321 section 4.5.3.1 */
	REWRITE_NAME_MAX = 64, /* of a transport, a partition */
	REWRITE_MAILBOX_MAX = 480,
	REWRITE_TARGETS_MAX = 1000, /* one alias expands to at most these */
	REWRITE_RCPT = 30,
	REWRITE_RCPT_ANSWER = 31,
	REWRITE_USER = 32,
	REWRITE_USER_ANSWER = 33,
	REWRITE_SENDER = 34,
	REWRITE_SENDER_ANSWER = 35,
};

enum rewrite_status {
	REWRITE_OK,
	REWRITE_UNKNOWN,  /* our domain, nobody of that name: 550 5.1.1 */
	REWRITE_FOREIGN,  /* not our domain; the target says the way there */
	REWRITE_DISABLED, /* the account takes no mail: 550 5.2.1 */
	REWRITE_LOOP,     /* aliases run in a circle or too deep: 550 5.4.6 */
};

/*
 * Expand a recipient to those who will get the message. An address of a
 * domain not ours comes back as REWRITE_FOREIGN with itself as the only
 * target: whoever asks decides whether the sender may.
 */
struct rewrite_rcpt {
	struct str address; /* "postmaster" alone is allowed */
	struct str sender;  /* of MAIL FROM; "" for the null sender */
};
extern const struct ipc_msg rewrite_rcpt_msg;

struct rewrite_target {
	struct str address;   /* final recipient, plus-detail kept */
	struct str transport; /* "lmtp": here; "smtp": to other sites */
	struct str nexthop;   /* the store partition; a domain, a host */
	struct str sender;    /* instead of MAIL FROM's (SRS); "" as it is */
	/*
	 * Who passes the message on to this address elsewhere: the user's or
	 * alias's own address, for Delivered-To; "" where nobody does.
	 */
	struct str forwarder;
};

struct rewrite_rcpt_answer {
	uint8_t status;          /* enum rewrite_status */
	struct ipc_list targets; /* struct rewrite_target; OK and FOREIGN */
	bool full; /* OK: all it reaches is a mailbox without room (quota) */
};
extern const struct ipc_msg rewrite_rcpt_answer_msg;

/* The record of one mailbox owner. */
struct rewrite_user {
	struct str address; /* with or without plus-detail */
};
extern const struct ipc_msg rewrite_user_msg;

struct rewrite_user_answer {
	uint8_t status;
	struct str user;      /* canonical: the mailbox owner's name */
	struct str detail;    /* between "+" and "@", as it was written */
	struct str partition; /* "default" */
	uint64_t quota;       /* bytes; 0: none */
	uint64_t quota_messages;
	struct str mailbox; /* where its mail goes; "": INBOX, or the detail */
};
extern const struct ipc_msg rewrite_user_answer_msg;

/* May this user send with that envelope sender? */
struct rewrite_sender {
	struct str user;    /* canonical, as authd said */
	struct str address; /* of MAIL FROM */
};
extern const struct ipc_msg rewrite_sender_msg;

struct rewrite_sender_answer {
	bool allowed;
};
extern const struct ipc_msg rewrite_sender_answer_msg;

#endif
