/*
 * codec - messages between our processes, each a struct and a table.
 *
 * The table is the protocol: it encodes, decodes, bounds and names. Integers
 * go big-endian, strings as length and bytes, lists as count and members, in
 * the order of the table. A decoded message borrows its strings from the
 * payload and takes its lists from the arena.
 *
 * Decoding is total: what a peer sends cannot make us read outside the
 * payload, allocate beyond the bounds in the table, or recurse beyond the
 * depth the tables themselves have.
 */
#ifndef IPC_CODEC_H
#define IPC_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum ipc_type {
	IPC_U8,
	IPC_U16,
	IPC_U32,
	IPC_U64, /* int64_t members too */
	IPC_BOOL,
	IPC_STR,  /* struct str, max bytes */
	IPC_FD,   /* int; -1 sends none */
	IPC_LIST, /* struct ipc_list of item structs, max of them */
};

/* A list member: count structs of the table's item size, one after another. */
struct ipc_list {
	void *items; /* borrowed when sending; the arena's when received */
	size_t count;
};

struct ipc_msg;

struct ipc_field {
	enum ipc_type type;
	const char *name;
	size_t offset;
	size_t max;                 /* STR: bytes; LIST: members */
	const struct ipc_msg *item; /* LIST */
};

struct ipc_msg {
	const char *name;
	uint16_t type; /* unique within an edge; 0 for a list's item */
	size_t size;   /* of the struct */
	const struct ipc_field *fields;
	size_t count;
};

/*
 * Rows of a table: #define M struct queue_large_resp, then
 * IPC_FIELD(M, STR, queue_id, QUEUE_ID_MAX) ...; IPC_ITEMS for lists.
 */
#define IPC_FIELD(type_, kind, member, max_)                                   \
	{                                                                      \
		IPC_##kind, #member, offsetof(type_, member), (max_), NULL     \
	}
#define IPC_ITEMS(type_, member, max_, item_)                                  \
	{                                                                      \
		IPC_LIST, #member, offsetof(type_, member), (max_), (item_)    \
	}
#define IPC_MSG(type_, number, fields_)                                        \
	{                                                                      \
#type_, (number), sizeof(struct type_), fields_,               \
		    sizeof(fields_) / sizeof((fields_)[0])                     \
	}
/* A message without fields: struct type_ is any one-member struct. */
#define IPC_MSG_EMPTY(type_, number)                                           \
	{                                                                      \
#type_, (number), sizeof(struct type_), NULL, 0                \
	}

enum { IPC_FDS_MAX = 8 };

struct ipc_fds {
	int fd[IPC_FDS_MAX];
	int count;
};

/*
 * Append the fields of *in to out and its descriptors (not -1) to fds.
 * ERR_LIMIT when a member is over its bound: our caller's mistake.
 */
int ipc_encode(struct buf *out, struct ipc_fds *fds, const struct ipc_msg *msg,
    const void *in, struct err *err);

/*
 * Fill *out (msg->size bytes) from the payload. Descriptors are taken off the
 * front of fds; members without one become -1. ERR_CORRUPT for anything that
 * does not fit the table, bytes left over included. Descriptors not taken
 * stay in fds and are the caller's to close.
 */
int ipc_decode(void *out, const struct ipc_msg *msg, struct str payload,
    struct ipc_fds *fds, struct arena *arena, struct err *err);

/* Close the descriptors that are left. */
void ipc_fds_close(struct ipc_fds *fds);

/* How every request can fail; also the answer to what nobody understands. */
struct ipc_error {
	uint8_t kind;  /* enum err_kind */
	uint8_t cause; /* enum err_cause */
	struct str text;
};
enum { IPC_ERROR = 1 };
extern const struct ipc_msg ipc_error_msg;

/* Makes *err of an ipc_error a peer sent. Returns -1. */
int ipc_error_to_err(const struct ipc_error *error, struct err *err);

#endif
