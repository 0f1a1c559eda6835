#include "store/wire.h"

#include "base/num.h"

uint16_t
wire_u16(struct wire *wire)
{
	struct str s = wire_bytes(wire, 2);

	return s.p == NULL ? 0 : num_get_u16(s.p);
}

uint32_t
wire_u32(struct wire *wire)
{
	struct str s = wire_bytes(wire, 4);

	return s.p == NULL ? 0 : num_get_u32(s.p);
}

uint64_t
wire_u64(struct wire *wire)
{
	struct str s = wire_bytes(wire, 8);

	return s.p == NULL ? 0 : num_get_u64(s.p);
}

uint64_t
wire_var_long(struct wire *wire)
{
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = wire_u8(wire);

		/* The tenth byte holds the one bit that is left. */
		if (wire->bad || (shift == 63 && byte > 1))
			break;
		n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return n;
	}
	wire->bad = true;
	return 0;
}

void
wire_put_var(struct buf *out, uint64_t n)
{
	unsigned char bytes[10];
	size_t len = 0;

	for (; n >= 0x80; n >>= 7)
		bytes[len++] = (unsigned char)(n | 0x80);
	bytes[len++] = (unsigned char)n;
	(void)buf_add(out, bytes, len);
}

void
wire_put_str(struct buf *out, struct str s)
{
	if (s.p == NULL) {
		wire_put_var(out, 0);
		return;
	}
	wire_put_var(out, (uint64_t)s.len + 1);
	(void)buf_add_str(out, s);
}
