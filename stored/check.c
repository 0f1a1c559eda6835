#include "stored/check.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "store/pack.h"

int
check_body(void *ctx, uint64_t blob, const struct store_blob *row,
    struct err *err)
{
	struct store_record want = { STORE_RECORD_MESSAGE, row->length, blob,
		{ 0 } };
	size_t head = row->pack == 0 ? 0 : STORE_RECORD_HEAD;
	size_t len = head + row->length;
	int fd = engine_open_pack(ctx, row->pack, blob, err), ret;
	struct str body;
	char *bytes;

	if (fd < 0)
		return -1;
	memcpy(want.guid, row->guid, STORE_GUID_SIZE);
	bytes = xmalloc(len);
	ret = fs_pread_all(fd, bytes, len, (off_t)row->offset, err);
	if (ret == 0 && head > 0)
		ret =
		    store_record_check(&want, str_make(bytes, len), &body, err);
	else if (ret == 0 && !store_guid_check(row->guid, str_make(bytes, len)))
		ret = err_set(err, ERR_CORRUPT, "message is damaged");
	free(bytes);
	(void)close(fd);
	return ret;
}
