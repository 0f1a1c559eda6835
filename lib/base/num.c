#include "base/num.h"

bool
num_take(struct str *in, uint64_t max, uint64_t *out)
{
	struct str rest = *in;
	uint64_t n = 0;

	if (rest.len == 0 || !is_digit(rest.p[0]))
		return false;
	while (rest.len > 0 && is_digit(rest.p[0])) {
		uint64_t digit = (uint64_t)(rest.p[0] - '0');

		if (!num_mul(n, 10, &n) || !num_add(n, digit, &n) || n > max)
			return false;
		str_skip(&rest, 1);
	}
	*in = rest;
	*out = n;
	return true;
}

bool
num_parse(struct str s, uint64_t max, uint64_t *out)
{
	return num_take(&s, max, out) && s.len == 0;
}

bool
num_take_varint(struct str *in, uint64_t max, uint64_t *out)
{
	struct str rest = *in;
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 64 && rest.len > 0; shift += 7) {
		unsigned char byte = (unsigned char)rest.p[0];

		str_skip(&rest, 1);
		if (shift == 63 && byte > 1)
			return false; /* a tenth byte has room for one bit */
		n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte >= 0x80)
			continue;
		if (n > max)
			return false;
		*in = rest;
		*out = n;
		return true;
	}
	return false;
}
