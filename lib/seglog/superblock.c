#include "seglog/superblock.h"

#include <stdbool.h>

#include "base/fsutil.h"
#include "base/hash.h"
#include "base/num.h"

/* Where each field stands in a slot; all big-endian. */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_NUMBER = 8,
	AT_GENERATION = 16,
	AT_SECRET = 24,
	AT_SIZE = 32,
	AT_CHECKSUM = 56,
};

static const uint32_t magic = 0x43534c53;              /* "CSLS" */
static const uint64_t plain_seed = 0x5365676d656e7431; /* not a secret */

void
superblock_encode(unsigned char out[SUPERBLOCK_SLOT_SIZE],
    const struct superblock *sb)
{
	memset(out, 0, SUPERBLOCK_SLOT_SIZE);
	num_put_u32(out + AT_MAGIC, magic);
	num_put_u16(out + AT_VERSION, SUPERBLOCK_VERSION);
	num_put_u32(out + AT_NUMBER, sb->number);
	num_put_u64(out + AT_GENERATION, sb->generation);
	num_put_u64(out + AT_SECRET, sb->secret);
	num_put_u64(out + AT_SIZE, sb->size);
	num_put_u64(out + AT_CHECKSUM,
	    hash_checksum(plain_seed, out, AT_CHECKSUM));
}

/* One slot: 0, or -1 with ERR_CORRUPT or ERR_SYNTAX. */
static int
parse_slot(struct superblock *sb, const char *p, struct err *err)
{
	if (num_get_u32(p + AT_MAGIC) != magic ||
	    num_get_u64(p + AT_CHECKSUM) !=
		hash_checksum(plain_seed, p, AT_CHECKSUM))
		return err_set(err, ERR_CORRUPT, "superblock is damaged");
	if (num_get_u16(p + AT_VERSION) != SUPERBLOCK_VERSION)
		return err_set(err, ERR_SYNTAX,
		    "segment format version %u is not known",
		    num_get_u16(p + AT_VERSION));
	sb->number = num_get_u32(p + AT_NUMBER);
	sb->generation = num_get_u64(p + AT_GENERATION);
	sb->secret = num_get_u64(p + AT_SECRET);
	sb->size = num_get_u64(p + AT_SIZE);
	if (sb->generation == 0 || sb->size <= SUPERBLOCK_SIZE ||
	    sb->size % SUPERBLOCK_SIZE != 0)
		return err_set(err, ERR_CORRUPT, "superblock makes no sense");
	return 0;
}

int
superblock_parse(struct superblock *sb, struct str bytes, struct err *err)
{
	bool found = false;

	*sb = (struct superblock){ 0 };
	if (bytes.len < SUPERBLOCK_SIZE)
		return err_set(err, ERR_CORRUPT, "superblock is cut short");
	for (unsigned i = 0; i < 2; i++) {
		struct superblock one = { .slot = i };

		if (parse_slot(&one, bytes.p + i * SUPERBLOCK_SLOT_STEP, err) <
		    0) {
			if (err->kind == ERR_SYNTAX)
				return -1;
			continue;
		}
		if (!found || one.generation > sb->generation)
			*sb = one;
		found = true;
	}
	return found ? 0 : err_set(err, ERR_CORRUPT, "superblock is damaged");
}

int
superblock_read(struct superblock *sb, int fd, struct err *err)
{
	char block[SUPERBLOCK_SIZE];

	if (fs_pread_all(fd, block, sizeof(block), 0, err) < 0)
		return -1;
	return superblock_parse(sb, str_make(block, sizeof(block)), err);
}

int
superblock_write(const struct superblock *sb, int fd, struct err *err)
{
	unsigned char slot[SUPERBLOCK_SLOT_SIZE];

	superblock_encode(slot, sb);
	return fs_pwrite_all(fd, slot, sizeof(slot),
	    (off_t)sb->slot * SUPERBLOCK_SLOT_STEP, err);
}
