#include "queue/id.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/num.h"

const char *
queue_id_format(char out[QUEUE_ID_SIZE], const struct queue_id *id)
{
	(void)snprintf(out, QUEUE_ID_SIZE,
	    "%016" PRIx64 ".%" PRIx32 ".%" PRIx32, id->queue, id->epoch,
	    id->counter);
	return out;
}

const char *
queue_id_short(char out[QUEUE_SHORT_SIZE], const struct queue_id *id)
{
	(void)snprintf(out, QUEUE_SHORT_SIZE, "%" PRIX32 "%08" PRIX32,
	    id->epoch, id->counter);
	return out;
}

/* Exactly len digits (0: one to eight) off the front. */
static bool
take_hex(struct str *in, size_t len, uint64_t *out)
{
	size_t max = len == 0 ? 8 : len, n = 0;

	*out = 0;
	while (n < max && n < in->len && hex_digit(in->p[n]) >= 0)
		*out = *out << 4 | (uint64_t)hex_digit(in->p[n++]);
	if (n == 0 || (len != 0 && n != len))
		return false;
	str_skip(in, n);
	return true;
}

bool
queue_id_parse(struct queue_id *id, struct str text)
{
	uint64_t queue, epoch, counter;
	char again[QUEUE_ID_SIZE];
	struct str in = text;

	if (!take_hex(&in, 16, &queue) || !str_take(&in, '.') ||
	    !take_hex(&in, 0, &epoch) || !str_take(&in, '.') ||
	    !take_hex(&in, 0, &counter) || in.len != 0)
		return false;
	*id = (struct queue_id){ queue, (uint32_t)epoch, (uint32_t)counter };
	/* one form only: no capitals, no zeros in front */
	return str_eqz(text, queue_id_format(again, id));
}

bool
queue_id_parse_short(struct queue_id *id, uint64_t queue, struct str text)
{
	uint64_t epoch, counter;
	struct str in;

	if (text.len < 9 || text.len > 16 || text.p[0] == '0')
		return false;
	in = str_sub(text, 0, text.len - 8);
	if (!take_hex(&in, 0, &epoch) || in.len != 0)
		return false;
	in = str_sub(text, text.len - 8, text.len);
	if (!take_hex(&in, 8, &counter))
		return false;
	*id = (struct queue_id){ queue, (uint32_t)epoch, (uint32_t)counter };
	return true;
}

const char *
queue_id_shorten(char out[QUEUE_SHORT_SIZE], struct str full)
{
	struct queue_id id;

	if (queue_id_parse(&id, full))
		return queue_id_short(out, &id);
	(void)snprintf(out, QUEUE_SHORT_SIZE, "%" STR_F, STR_A(full));
	return out;
}

void
queue_id_key(char out[QUEUE_KEY_SIZE], const struct queue_id *id)
{
	num_put_u64(out, id->queue);
	num_put_u32(out + 8, id->epoch);
	num_put_u32(out + 12, id->counter);
}
