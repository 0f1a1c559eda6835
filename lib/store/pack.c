#include "store/pack.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/num.h"
#include "base/rand.h"

enum { VERSION = 1 };

static const char magic[2] = { 'C', 'M' };

static uint64_t
checksum(const unsigned char guid[STORE_GUID_SIZE], struct str body)
{
	return hash_checksum(num_get_u64(guid), body.p, body.len);
}

void
store_guid_make(unsigned char guid[STORE_GUID_SIZE], struct str body)
{
	rand_bytes(guid, 8);
	num_put_u64(guid + 8, checksum(guid, body));
}

bool
store_guid_check(const unsigned char guid[STORE_GUID_SIZE], struct str body)
{
	return num_get_u64(guid + 8) == checksum(guid, body);
}

void
store_record_encode(unsigned char out[STORE_RECORD_HEAD],
    const struct store_record *record)
{
	memcpy(out, magic, sizeof(magic));
	out[2] = VERSION;
	out[3] = record->kind;
	num_put_u32(out + 4, record->length);
	num_put_u64(out + 8, record->blob);
	memcpy(out + 16, record->guid, STORE_GUID_SIZE);
}

int
store_record_decode(struct store_record *record, struct str bytes,
    struct err *err)
{
	if (bytes.len < STORE_RECORD_HEAD ||
	    memcmp(bytes.p, magic, sizeof(magic)) != 0 ||
	    bytes.p[2] != VERSION ||
	    (bytes.p[3] != STORE_RECORD_MESSAGE &&
		bytes.p[3] != STORE_RECORD_DIGEST))
		return err_set(err, ERR_CORRUPT, "no message record");
	record->kind = (uint8_t)bytes.p[3];
	record->length = num_get_u32(bytes.p + 4);
	record->blob = num_get_u64(bytes.p + 8);
	memcpy(record->guid, bytes.p + 16, STORE_GUID_SIZE);
	return 0;
}

int
store_record_check(const struct store_record *want, struct str bytes,
    struct str *body, struct err *err)
{
	struct store_record found;

	if (store_record_decode(&found, bytes, err) < 0)
		return -1;
	str_skip(&bytes, STORE_RECORD_HEAD);
	if (found.kind != want->kind || found.blob != want->blob ||
	    found.length != want->length || found.length != bytes.len ||
	    memcmp(found.guid, want->guid, STORE_GUID_SIZE) != 0)
		return err_set(err, ERR_CORRUPT, "another message's record");
	if (!store_guid_check(found.guid, bytes))
		return err_set(err, ERR_CORRUPT, "message is damaged");
	*body = bytes;
	return 0;
}

void
store_large_name(char out[STORE_LARGE_NAME], uint64_t blob)
{
	(void)snprintf(out, STORE_LARGE_NAME, "%016llx",
	    (unsigned long long)blob);
}
