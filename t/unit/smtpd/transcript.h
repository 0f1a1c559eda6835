/*
 * transcript - what a client sends in one go, the codes it is answered, and
 * what reaches the queue, as rows of a table. For tests of smtpd.
 */
#ifndef T_UNIT_SMTPD_TRANSCRIPT_H
#define T_UNIT_SMTPD_TRANSCRIPT_H

#include "base/log.h"
#include "t/unit/smtpd/doubles.h"

#define HI   "EHLO c\r\n"
#define MAIL "MAIL FROM:<x@y>\r\n"
#define RCPT "RCPT TO:<ada@example.test>\r\n"
#define BYE  "QUIT\r\n"

/* The codes of the final lines of out, "220 250 221". */
static inline void
codes_of(struct str out, struct buf *codes)
{
	struct str line;

	while (out.len > 0 && str_split(&out, '\n', &line))
		if (line.len >= 4 && line.p[3] == ' ')
			(void)buf_addf(codes, "%s%.3s",
			    codes->len > 0 ? " " : "", line.p);
}

static inline struct str
answer(struct doubles *doubles, const struct smtpd_conf *conf, const char *in,
    struct buf *out)
{
	doubles_run(doubles, conf, NULL, str_of(in), out);
	return buf_str(out);
}

struct row {
	const char *in, *codes, *said;
	const char *part; /* stands somewhere in the answers */
};

static inline void
check(const struct row *rows, size_t count, const struct smtpd_conf *conf)
{
	for (size_t i = 0; i < count; i++) {
		struct doubles doubles;
		struct buf out, codes;

		doubles_init(&doubles);
		buf_init(&out, 0);
		buf_init(&codes, 0);
		codes_of(answer(&doubles, conf, rows[i].in, &out), &codes);
		if (strcmp(buf_cstr(&codes), rows[i].codes) != 0)
			fail_msg("%s\ngave %s:\n%s", rows[i].in,
			    buf_cstr(&codes), buf_cstr(&out));
		assert_string_equal(buf_cstr(&doubles.said),
		    rows[i].said == NULL ? "" : rows[i].said);
		if (rows[i].part != NULL &&
		    str_find(buf_str(&out), str_of(rows[i].part)) < 0)
			fail_msg("%s\nsaid:\n%s", rows[i].in, buf_cstr(&out));
		doubles_clear(&doubles);
		buf_clear(&codes);
		buf_clear(&out);
	}
}

#endif
