#include "dnsd/name.h"

#include <idn2.h>
#include <stdio.h>

size_t
name_put_byte(char *out, unsigned char byte)
{
	if (is_alpha((char)byte) || is_digit((char)byte) || byte == '-' ||
	    byte == '_') {
		*out = (char)byte;
		return 1;
	}
	(void)snprintf(out, 5, "\\%03u", byte); /* at most three digits */
	return 4;
}

/* \DDD or any other byte but the backslash itself. */
static bool
take_byte(struct str *in, unsigned char *byte)
{
	unsigned value = 0;

	if (!str_take(in, '\\')) {
		*byte = (unsigned char)in->p[0];
		str_skip(in, 1);
		return true;
	}
	for (int i = 0; i < 3; i++) {
		if (in->len == 0 || !is_digit(in->p[0]))
			return false;
		value = value * 10 + (unsigned)(in->p[0] - '0');
		str_skip(in, 1);
	}
	*byte = (unsigned char)value;
	return value <= 255;
}

static bool
put_name(char out[DNS_NAME_MAX + 1], struct str in)
{
	size_t wire = 1, label = 0, len = 0;
	unsigned char byte;

	while (in.len > 0) {
		if (str_take(&in, '.')) {
			if (label == 0)
				return false;
			label = 0;
			if (in.len > 0)
				out[len++] = '.';
			continue;
		}
		if (!take_byte(&in, &byte))
			return false;
		wire += label == 0 ? 2 : 1;
		if (++label > NAME_LABEL_MAX || wire > NAME_WIRE_MAX)
			return false;
		len += name_put_byte(out + len, byte);
	}
	out[len] = '\0';
	return true;
}

bool
name_make(char out[DNS_NAME_MAX + 1], struct str in)
{
	char wide[DNS_NAME_MAX + 1];
	char *ascii = NULL;
	bool is_wide = false, good = false;

	for (size_t i = 0; i < in.len; i++)
		is_wide = is_wide || (in.p[i] & 0x80) != 0;
	if (in.len > DNS_NAME_MAX)
		return false;
	if (!is_wide)
		return put_name(out, str_eqz(in, ".") ? STR("") : in);
	if (memchr(in.p, '\0', in.len) != NULL)
		return false;
	memcpy(wide, in.p, in.len);
	wide[in.len] = '\0';
	if (idn2_lookup_u8((const uint8_t *)wide, (uint8_t **)&ascii,
		IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK)
		good = put_name(out, str_of(ascii));
	idn2_free(ascii);
	return good;
}
