/*
 * Bytes of a segment: superblock, batch header and table, a record alone.
 *
 * The first byte says what the rest is: 0 a superblock, 1 a batch as it is, 2
 * a batch whose keyed checksum is made right first, since no fuzzer finds it,
 * 3 a record with its head.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "seglog/batch.h"

static const struct superblock life = {
	.number = 1,
	.generation = 1,
	.secret = 42,
	.size = 1 << 20,
};

static void
fix_checksum(char *bytes, size_t len)
{
	struct batch batch;
	struct err err;
	struct iovec iov[2] = { { bytes, 56 } };

	if (batch_parse(&batch, str_make(bytes, len), &life, 4096, &err) < 0 ||
	    batch_area(batch.count) > len)
		return;
	iov[1] = (struct iovec){ bytes + BATCH_HEAD_SIZE,
		batch_area(batch.count) - BATCH_HEAD_SIZE };
	num_put_u64(bytes + 56, hash_checksum_iov(life.secret, iov, 2));
}

static void
try_batch(struct str bytes)
{
	struct batch batch;
	struct err err;

	if (batch_parse(&batch, bytes, &life, 4096, &err) < 0 ||
	    batch_check(&batch, bytes, &life, &err) < 0)
		return;
	for (uint32_t i = 0; i < batch.count; i++) {
		struct batch_entry entry;

		batch_entry_get(&entry, bytes, i);
		if (entry.at + (uint64_t)entry.length > batch.length)
			panic("a checked table leads out of its batch");
		(void)batch_entry_check(&entry, &life, 4096, i,
		    str_sub(bytes, entry.at, entry.at + entry.length));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct superblock super;
	struct err err;
	char *copy;

	if (size == 0)
		return 0;
	copy = xmemdup(data + 1, size - 1);
	switch (data[0]) {
	case 0:
		(void)superblock_parse(&super, str_make(copy, size - 1), &err);
		break;
	case 2:
		fix_checksum(copy, size - 1);
		__attribute__((fallthrough));
	case 1:
		try_batch(str_make(copy, size - 1));
		break;
	default:
		(void)batch_record_check(str_make(copy, size - 1), &life, 8192,
		    (uint32_t)(size > 17 ? size - 17 : 0), &err);
		break;
	}
	free(copy);
	return 0;
}
