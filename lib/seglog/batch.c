#include "seglog/batch.h"

#include "base/hash.h"
#include "base/num.h"

/* Where each field stands in the header. */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_GENERATION = 8,
	AT_LSN = 16,
	AT_DURABLE = 24,
	AT_LENGTH = 32,
	AT_COUNT = 36,
	AT_PREVIOUS = 40,
	AT_SEGMENT = 48,
	AT_BLOCK = 52,
	AT_CHECKSUM = 56,
};

static const uint32_t magic = 0x43534c42; /* "CSLB" */

uint64_t
batch_record_checksum(const struct superblock *sb, uint64_t offset,
    uint32_t length, uint32_t index, struct iovec *iov, int count)
{
	unsigned char place[16];

	num_put_u64(place, offset);
	num_put_u32(place + 8, length);
	num_put_u32(place + 12, index);
	iov[0] = (struct iovec){ place, sizeof(place) };
	return hash_checksum_iov(sb->secret, iov, count + 1);
}

/* The same for a body in one piece. */
static uint64_t
body_checksum(const struct superblock *sb, uint64_t offset, uint32_t index,
    struct str body)
{
	struct iovec iov[2];

	iov[1] = (struct iovec){ (void *)(uintptr_t)body.p, body.len };
	return batch_record_checksum(sb, offset, (uint32_t)body.len, index, iov,
	    1);
}

void
batch_record_encode(unsigned char out[BATCH_RECORD_HEAD], uint32_t length,
    uint32_t index, uint64_t checksum)
{
	num_put_u32(out, length);
	num_put_u32(out + 4, index);
	num_put_u64(out + 8, checksum);
}

/* Checksum of header and table, without the field that holds it. */
static uint64_t
area_checksum(const struct superblock *sb, const void *area, uint32_t count)
{
	unsigned char *p = (unsigned char *)(uintptr_t)area;
	struct iovec iov[2] = {
		{ p, AT_CHECKSUM },
		{ p + BATCH_HEAD_SIZE, (size_t)count * BATCH_ENTRY_SIZE },
	};

	return hash_checksum_iov(sb->secret, iov, 2);
}

void
batch_encode(unsigned char *out, struct batch *batch,
    const struct batch_entry *entry, const struct superblock *sb,
    uint64_t offset)
{
	unsigned char *p = out + BATCH_HEAD_SIZE;

	memset(out, 0, BATCH_HEAD_SIZE);
	num_put_u32(out + AT_MAGIC, magic);
	num_put_u16(out + AT_VERSION, BATCH_VERSION);
	num_put_u64(out + AT_GENERATION, sb->generation);
	num_put_u64(out + AT_LSN, batch->lsn);
	num_put_u64(out + AT_DURABLE, batch->durable);
	num_put_u32(out + AT_LENGTH, batch->length);
	num_put_u32(out + AT_COUNT, batch->count);
	num_put_u64(out + AT_PREVIOUS, batch->previous);
	num_put_u32(out + AT_SEGMENT, sb->number);
	num_put_u32(out + AT_BLOCK, (uint32_t)(offset / BATCH_ALIGN));
	for (uint32_t i = 0; i < batch->count; i++, p += BATCH_ENTRY_SIZE) {
		num_put_u32(p, entry[i].at);
		num_put_u32(p + 4, entry[i].length);
		num_put_u64(p + 8, entry[i].checksum);
	}
	batch->checksum = area_checksum(sb, out, batch->count);
	num_put_u64(out + AT_CHECKSUM, batch->checksum);
}

int
batch_parse(struct batch *batch, struct str bytes, const struct superblock *sb,
    uint64_t offset, struct err *err)
{
	const char *p = bytes.p;

	*batch = (struct batch){ 0 };
	if (bytes.len < BATCH_HEAD_SIZE || num_get_u32(p + AT_MAGIC) != magic)
		return err_set(err, ERR_CORRUPT, "no batch here");
	if (num_get_u16(p + AT_VERSION) != BATCH_VERSION ||
	    num_get_u64(p + AT_GENERATION) != sb->generation ||
	    num_get_u32(p + AT_SEGMENT) != sb->number ||
	    num_get_u32(p + AT_BLOCK) != offset / BATCH_ALIGN)
		return err_set(err, ERR_CORRUPT, "not a batch of this life");
	batch->lsn = num_get_u64(p + AT_LSN);
	batch->durable = num_get_u64(p + AT_DURABLE);
	batch->previous = num_get_u64(p + AT_PREVIOUS);
	batch->checksum = num_get_u64(p + AT_CHECKSUM);
	batch->length = num_get_u32(p + AT_LENGTH);
	batch->count = num_get_u32(p + AT_COUNT);
	if (batch->lsn == 0 || batch->durable >= batch->lsn ||
	    batch->count == 0 || batch->count > BATCH_COUNT_MAX ||
	    batch->length % BATCH_ALIGN != 0 || offset > sb->size ||
	    batch->length > sb->size - offset ||
	    batch_area(batch->count) > batch->length)
		return err_set(err, ERR_CORRUPT, "batch header out of bounds");
	return 0;
}

int
batch_check(const struct batch *batch, struct str area,
    const struct superblock *sb, struct err *err)
{
	uint64_t free_from = batch_area(batch->count);

	if (area.len < free_from ||
	    area_checksum(sb, area.p, batch->count) != batch->checksum)
		return err_set(err, ERR_CORRUPT, "batch header is damaged");
	for (uint32_t i = 0; i < batch->count; i++) {
		struct batch_entry entry;

		batch_entry_get(&entry, area, i);
		if (entry.at < free_from + BATCH_RECORD_HEAD ||
		    entry.at > batch->length ||
		    entry.length > batch->length - entry.at)
			return err_set(err, ERR_CORRUPT,
			    "batch table out of bounds");
		free_from = (uint64_t)entry.at + entry.length;
	}
	return 0;
}

void
batch_entry_get(struct batch_entry *entry, struct str area, uint32_t index)
{
	const char *p =
	    area.p + BATCH_HEAD_SIZE + (size_t)index * BATCH_ENTRY_SIZE;

	entry->at = num_get_u32(p);
	entry->length = num_get_u32(p + 4);
	entry->checksum = num_get_u64(p + 8);
}

bool
batch_entry_check(const struct batch_entry *entry, const struct superblock *sb,
    uint64_t batch_offset, uint32_t index, struct str body)
{
	return body.len == entry->length &&
	    body_checksum(sb, batch_offset + entry->at, index, body) ==
	    entry->checksum;
}

int
batch_record_check(struct str bytes, const struct superblock *sb,
    uint64_t offset, uint32_t length, struct err *err)
{
	struct str body;

	if (bytes.len != (size_t)length + BATCH_RECORD_HEAD ||
	    num_get_u32(bytes.p) != length)
		return err_set(err, ERR_CORRUPT, "no record at this place");
	body = str_sub(bytes, BATCH_RECORD_HEAD, bytes.len);
	if (body_checksum(sb, offset, num_get_u32(bytes.p + 4), body) !=
	    num_get_u64(bytes.p + 8))
		return err_set(err, ERR_CORRUPT, "record is damaged");
	return 0;
}
