#include "seglog/read.h"

#include "base/fsutil.h"
#include "seglog/batch.h"

int
seglog_reader_init(struct seglog_reader *reader, int fd, struct err *err)
{
	reader->fd = fd;
	return superblock_read(&reader->super, fd, err);
}

static int
check_place(const struct seglog_reader *reader,
    const struct seglog_place *place, struct err *err)
{
	const struct superblock *super = &reader->super;

	if (place->segment != super->number ||
	    place->offset < SUPERBLOCK_SIZE + BATCH_HEAD_SIZE ||
	    place->offset > super->size ||
	    place->length > super->size - place->offset)
		return err_set(err, ERR_CORRUPT,
		    "segment %u has no place %llu+%u", super->number,
		    (unsigned long long)place->offset, place->length);
	return 0;
}

int
seglog_read(const struct seglog_reader *reader,
    const struct seglog_place *place, void *out, struct str *bytes,
    struct err *err)
{
	size_t len = SEGLOG_READ_SIZE(place->length);
	struct str all = str_make(out, len);

	if (check_place(reader, place, err) < 0 ||
	    fs_pread_all(reader->fd, out, len,
		(off_t)(place->offset - BATCH_RECORD_HEAD), err) < 0)
		return -1;
	if (batch_record_check(all, &reader->super, place->offset,
		place->length, err) < 0)
		return err_prefix(err, "segment %u, place %llu", place->segment,
		    (unsigned long long)place->offset);
	*bytes = str_sub(all, BATCH_RECORD_HEAD, len);
	return 0;
}
