#include "net/deflate.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"

enum {
	WINDOW = -13, /* 8 KiB back; negative: no header */
	WINDOW_ANY = -15,
	MEMORY = 7,
	CHUNK = 8192,
};

struct deflate {
	z_stream out, in;
	bool dirty; /* written since the last flush */
	bool full;  /* the last read ended because its room did */
	char raw[DEFLATE_RAW];
};

struct deflate *
deflate_new(void)
{
	struct deflate *deflate = xcalloc(1, sizeof(*deflate));

	if (deflateInit2(&deflate->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
		WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(deflate);
		return NULL;
	}
	if (inflateInit2(&deflate->in, WINDOW_ANY) != Z_OK) {
		(void)deflateEnd(&deflate->out);
		free(deflate);
		return NULL;
	}
	deflate->in.next_in = (Bytef *)deflate->raw;
	return deflate;
}

void
deflate_free(struct deflate *deflate)
{
	if (deflate == NULL)
		return;
	(void)deflateEnd(&deflate->out);
	(void)inflateEnd(&deflate->in);
	free(deflate);
}

void
deflate_write(struct deflate *both, struct buf *out, struct str bytes,
    bool flush)
{
	z_stream *z = &both->out;

	if (bytes.len == 0 && (!flush || !both->dirty))
		return;
	z->next_in = (Bytef *)(uintptr_t)bytes.p;
	z->avail_in = (uInt)bytes.len;
	do {
		char *room = buf_reserve(out, CHUNK);

		z->next_out = (Bytef *)room;
		z->avail_out = CHUNK;
		(void)deflate(z, flush ? Z_SYNC_FLUSH : Z_NO_FLUSH);
		out->len += CHUNK - z->avail_out;
	} while (z->avail_out == 0);
	both->dirty = !flush;
}

char *
deflate_room(struct deflate *deflate, size_t *len)
{
	z_stream *z = &deflate->in;

	memmove(deflate->raw, z->next_in, z->avail_in);
	z->next_in = (Bytef *)deflate->raw;
	*len = DEFLATE_RAW - z->avail_in;
	return deflate->raw + z->avail_in;
}

void
deflate_fed(struct deflate *deflate, size_t len)
{
	deflate->in.avail_in += (uInt)len;
}

ptrdiff_t
deflate_read(struct deflate *deflate, char *bytes, size_t size)
{
	z_stream *z = &deflate->in;
	int rc;

	z->next_out = (Bytef *)bytes;
	z->avail_out = (uInt)size;
	rc = inflate(z, Z_SYNC_FLUSH);
	deflate->full = z->avail_out == 0;
	if (z->avail_out < size)
		return (ptrdiff_t)(size - z->avail_out);
	/* Z_BUF_ERROR: nothing to do. Z_STREAM_END: nobody ends a session so */
	return rc == Z_OK || rc == Z_BUF_ERROR ? 0 : -1;
}

bool
deflate_has_more(const struct deflate *deflate)
{
	return deflate->in.avail_in > 0 || deflate->full;
}
