#include "base/base64.h"

const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int
base64_encode(struct buf *out, struct str in)
{
	const unsigned char *p = (const unsigned char *)in.p;
	char *to;

	if (in.len > SIZE_MAX / 2)
		return -1;
	to = buf_reserve(out, (in.len + 2) / 3 * 4);
	if (to == NULL)
		return -1;
	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		uint32_t bits = (uint32_t)p[i] << 16 |
		    (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
		    (left > 2 ? p[i + 2] : 0u);

		*to++ = base64_alphabet[bits >> 18];
		*to++ = base64_alphabet[bits >> 12 & 63];
		*to++ = left > 1 ? base64_alphabet[bits >> 6 & 63] : '=';
		*to++ = left > 2 ? base64_alphabet[bits & 63] : '=';
	}
	out->len += (in.len + 2) / 3 * 4;
	return 0;
}

/* Three bytes, or fewer where padding says so, from four characters. */
static int
decode_group(const char *in, bool last, unsigned char out[3])
{
	int pad = 0;
	uint32_t bits = 0;

	if (last && in[3] == '=')
		pad = in[2] == '=' ? 2 : 1;
	for (int i = 0; i < 4; i++) {
		int value = i >= 4 - pad ? 0 : base64_digit(in[i]);

		if (value < 0)
			return -1;
		bits = bits << 6 | (uint32_t)value;
	}
	if ((pad == 1 && (bits & 0xff) != 0) || (pad == 2 && (bits & 0xffff)))
		return -1;
	out[0] = (unsigned char)(bits >> 16);
	out[1] = (unsigned char)(bits >> 8);
	out[2] = (unsigned char)bits;
	return 3 - pad;
}

int
base64_decode(struct buf *out, struct str in, struct err *err)
{
	size_t before = out->len;

	if (in.len % 4 != 0)
		return err_set(err, ERR_SYNTAX, "base64: length");
	for (size_t i = 0; i < in.len; i += 4) {
		unsigned char bytes[3];
		int len = decode_group(in.p + i, i + 4 == in.len, bytes);

		if (len < 0) {
			buf_truncate(out, before);
			return err_set(err, ERR_SYNTAX, "base64: character");
		}
		if (buf_add(out, bytes, (size_t)len) < 0) {
			buf_truncate(out, before);
			return err_set(err, ERR_LIMIT, "base64: too long");
		}
	}
	return 0;
}
