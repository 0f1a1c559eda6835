#include "stored/check.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "store/pack.h"

int
check_read(struct engine *engine, uint64_t blob, const struct store_blob *row,
    char **bytes, struct str *body, struct err *err)
{
	struct store_record want = { STORE_RECORD_MESSAGE, row->length, blob,
		{ 0 } };
	size_t head = row->pack == 0 ? 0 : STORE_RECORD_HEAD;
	size_t len = head + row->length;
	int fd = engine_open_pack(engine, row->pack, blob, err), ret;

	*bytes = NULL;
	if (fd < 0)
		return -1;
	memcpy(want.guid, row->guid, STORE_GUID_SIZE);
	*bytes = xmalloc(len);
	*body = str_make(*bytes, len);
	ret = fs_pread_all(fd, *bytes, len, (off_t)row->offset, err);
	if (ret == 0 && head > 0)
		ret = store_record_check(&want, *body, body, err);
	else if (ret == 0 && !store_guid_check(row->guid, *body))
		ret = err_set(err, ERR_CORRUPT, "message is damaged");
	(void)close(fd);
	if (ret == 0)
		return 0;
	free(*bytes);
	*bytes = NULL;
	return -1;
}

int
check_body(void *ctx, uint64_t blob, const struct store_blob *row,
    struct err *err)
{
	struct str body;
	char *bytes;

	if (check_read(ctx, blob, row, &bytes, &body, err) < 0)
		return -1;
	free(bytes);
	return 0;
}
