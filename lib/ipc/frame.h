/*
 * frame - where one message ends and the next begins on a stream socket.
 *
 * "Ch", version, number of descriptors, message type (16 bits), tag (16
 * bits), payload length (32 bits): 12 bytes, then the payload. The tag is
 * the asker's: an answer carries the tag of its request, so that several may
 * be under way. Descriptors travel with the first byte of their frame.
 */
#ifndef IPC_FRAME_H
#define IPC_FRAME_H

#include "ipc/codec.h"

enum {
	FRAME_HEADER = 12,
	FRAME_VERSION = 1,
	FRAME_PAYLOAD_MAX = 4
	    << 20, /* a queue record with its body, and room */
};

struct frame {
	uint16_t type, tag;
	struct str payload; /* borrowed */
	int fds;            /* how many descriptors belong to it */
};

/* Append a whole frame; descriptors are added to fds. */
int frame_write(struct buf *out, struct ipc_fds *fds, const struct ipc_msg *msg,
    uint16_t tag, const void *in, struct err *err);

/*
 * Take a frame off the front of *in. 1: taken; 0: more bytes are needed, *in
 * unmoved; -1: this is no frame of ours (ERR_CORRUPT), close the connection.
 */
int frame_take(struct str *in, struct frame *frame, struct err *err);

/* Bytes the whole frame at the front of in will have; 0 when unknown yet. */
size_t frame_size(struct str in);

#endif
