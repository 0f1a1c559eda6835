#include "imapd/upload.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "imapd/input.h"
#include "imapd/session.h"
#include "store/client.h"
#include "store/digest.h"

int
upload_open(struct upload *upload, struct session *session, uint64_t size,
    struct err *err)
{
	*upload = (struct upload){ .size = size };
	upload->large.fd = -1;
	buf_init(&upload->memory, 0);
	if (upload->size <= STORE_MSG_INLINE_MAX)
		return 0;
	/* A question of its own waits for the answers that are due. */
	pipeline_drain(session);
	if (store_client_large(session->store, upload->size, &upload->large,
		err) < 0)
		return -1;
	if (upload->size > upload->large.limit)
		return err_set(err, ERR_LIMIT, "message too large");
	return 0;
}

void
upload_close(struct upload *upload)
{
	buf_clear(&upload->memory);
	if (upload->map != NULL)
		(void)munmap(upload->map, upload->size);
	if (upload->large.fd >= 0)
		(void)close(upload->large.fd);
}

int
upload_read(struct upload *upload, struct session *session, struct err *err)
{
	int ret = 0;

	while (upload->got < upload->size) {
		struct str bytes =
		    input_bytes(session, upload->size - upload->got);

		if (bytes.len == 0)
			return -1;
		upload->got += bytes.len;
		if (str_chr(bytes, '\0') >= 0)
			upload->nul = true;
		if (upload->large.fd < 0)
			(void)buf_add_str(&upload->memory, bytes);
		else if (ret == 0 &&
		    fs_write_all(upload->large.fd, bytes.p, bytes.len, err) < 0)
			ret = 1;
	}
	if (ret == 0 && upload->large.fd >= 0 &&
	    fdatasync(upload->large.fd) < 0) {
		err_sys(err, "sync a large message");
		ret = 1;
	}
	return ret;
}

/* The message's bytes, for its digest. */
static struct str
bytes_of(struct upload *upload)
{
	if (upload->large.fd < 0)
		return buf_str(&upload->memory);
	upload->map = mmap(NULL, upload->size, PROT_READ, MAP_SHARED,
	    upload->large.fd, 0);
	if (upload->map == MAP_FAILED) {
		upload->map = NULL;
		return (struct str){ NULL, 0 };
	}
	return str_make(upload->map, upload->size);
}

void
upload_digest(struct upload *upload, struct buf *digest)
{
	struct arena *arena = arena_new(0);
	struct str message = bytes_of(upload);
	struct store_digest parsed;
	struct err err;

	if (message.p != NULL &&
	    store_digest_make(&parsed, arena, message, NULL, &err) == 0 &&
	    store_digest_encode(digest, &parsed, message, &err) < 0)
		buf_reset(digest);
	arena_free(arena);
}

void
upload_name(const struct upload *upload, struct store_append *req)
{
	req->body = buf_str(&upload->memory);
	if (upload->large.fd < 0)
		return;
	req->large = upload->large.token;
	req->large_len = upload->size;
}
