#include "smtpproto/srs.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "smtpproto/path.h"

enum {
	HASH = 8, /* digits: 40 bits */
	DAYS = 1024,
	DAY = 86400,
	ARENA = 4096,
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* The keyed hash of parts, in lower case, with a NUL behind each. */
static void
hash(char out[HASH], const struct srs *srs, const struct str *part,
    size_t count)
{
	unsigned char sum[EVP_MAX_MD_SIZE] = { 0 };
	unsigned len = sizeof(sum);
	uint64_t bits = 0;
	struct buf text;

	buf_init(&text, 0);
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < part[i].len; k++)
			(void)buf_addc(&text, lower(part[i].p[k]));
		(void)buf_addc(&text, '\0');
	}
	(void)HMAC(EVP_sha256(), srs->key.p, (int)srs->key.len,
	    (unsigned char *)text.p, text.len, sum, &len);
	buf_clear(&text);
	for (size_t i = 0; i < 5; i++)
		bits = bits << 8 | sum[i];
	for (size_t i = 0; i < HASH; i++)
		out[i] = digits[bits >> (5 * (HASH - 1 - i)) & 31];
}

/* In constant time, either case. */
static bool
is_hash(const struct srs *srs, struct str given, const struct str *part,
    size_t count)
{
	char want[HASH], got[HASH];

	if (given.len != HASH)
		return false;
	hash(want, srs, part, count);
	for (size_t i = 0; i < HASH; i++)
		got[i] = upper(given.p[i]);
	return str_eq_secret(str_make(want, HASH), str_make(got, HASH));
}

static int
digit_of(char c)
{
	for (int i = 0; i < 32; i++) {
		if (digits[i] == upper(c))
			return i;
	}
	return -1;
}

/* Is the day of an address, two digits, in the time it can be answered? */
static bool
is_recent(const struct srs *srs, struct str stamp, int64_t now)
{
	int64_t day, today = now / DAY % DAYS;

	if (stamp.len != 2 || digit_of(stamp.p[0]) < 0 ||
	    digit_of(stamp.p[1]) < 0)
		return false;
	day = digit_of(stamp.p[0]) * 32 + digit_of(stamp.p[1]);
	return (today - day + DAYS) % DAYS <= srs->max_age;
}

/* "SRS0" and one of "=", "+", "-" */
static bool
take_tag(struct str *in, const char *tag)
{
	struct str rest = *in;

	if (!str_itake_str(&rest, str_of(tag)) || rest.len == 0 ||
	    (rest.p[0] != '=' && rest.p[0] != '+' && rest.p[0] != '-'))
		return false;
	*in = rest;
	return true;
}

/* Local part and domain of an address, in arena. */
static int
parse(struct smtp_path *path, struct str address, struct arena *arena,
    struct err *err)
{
	if (smtp_mailbox_parse(path, &address, arena, err) < 0)
		return -1;
	if (address.len > 0)
		return err_set(err, ERR_SYNTAX, "not an address");
	return 0;
}

static int
put_address(struct buf *out, struct str local, struct str domain,
    struct err *err)
{
	size_t from = out->len;

	(void)smtp_local_put(out, local);
	(void)buf_addc(out, '@');
	(void)buf_add_str(out, domain);
	if (!out->full && out->len - from <= SMTP_PATH_MAX)
		return 0;
	buf_truncate(out, from);
	return err_set(err, ERR_LIMIT, "rewritten sender too long");
}

/* SRS0: hash, day, domain, local part */
static void
forward_first(struct buf *local, const struct srs *srs,
    const struct smtp_path *sender, int64_t now)
{
	int64_t today = now / DAY % DAYS;
	char stamp[2] = { digits[today / 32], digits[today % 32] };
	struct str part[] = { str_make(stamp, 2), sender->domain,
		sender->local };
	char sum[HASH];

	hash(sum, srs, part, NELEMS(part));
	(void)buf_addf(local, "SRS0=%.*s=%.2s=%" STR_F "=%" STR_F, HASH, sum,
	    stamp, STR_A(sender->domain), STR_A(sender->local));
}

/* SRS1: hash, the first forwarder, and what that one wrote behind SRS0 */
static void
forward_next(struct buf *local, const struct srs *srs, struct str first,
    struct str rest)
{
	struct str part[] = { first, rest };
	char sum[HASH];

	hash(sum, srs, part, NELEMS(part));
	(void)buf_addf(local, "SRS1=%.*s=%" STR_F "=%" STR_F, HASH, sum,
	    STR_A(first), STR_A(rest));
}

/* Behind "SRS1" of another: hash "=" first forwarder "=" rest */
static bool
take_srs1(struct str in, struct str *sum, struct str *first, struct str *rest)
{
	str_skip(&in, 1); /* the separator */
	if (!str_split(&in, '=', sum) || in.p == NULL ||
	    !str_split(&in, '=', first) || in.p == NULL || first->len == 0)
		return false;
	*rest = in;
	return rest->len > 0 &&
	    (rest->p[0] == '=' || rest->p[0] == '+' || rest->p[0] == '-');
}

int
srs_forward(struct buf *out, const struct srs *srs, struct str sender,
    int64_t now, struct err *err)
{
	struct arena *arena = arena_new(ARENA);
	struct str rest, sum, first;
	struct smtp_path path;
	struct buf local;
	int ret = -1;

	buf_init(&local, 2 * SMTP_PATH_MAX);
	if (parse(&path, sender, arena, err) < 0)
		goto out;
	rest = path.local;
	if (take_tag(&rest, "SRS0")) {
		forward_next(&local, srs, path.domain, rest);
	} else if (take_tag(&rest, "SRS1") &&
	    take_srs1(rest, &sum, &first, &rest)) {
		forward_next(&local, srs, first, rest);
	} else {
		forward_first(&local, srs, &path, now);
	}
	ret = put_address(out, buf_str(&local), srs->domain, err);
out:
	buf_clear(&local);
	arena_free(arena);
	return ret;
}

static int
reverse_first(struct buf *out, const struct srs *srs, struct str in,
    int64_t now, struct err *err)
{
	struct str sum, part[3];

	str_skip(&in, 1);
	if (!str_split(&in, '=', &sum) || in.p == NULL ||
	    !str_split(&in, '=', &part[0]) || in.p == NULL ||
	    !str_split(&in, '=', &part[1]) || in.p == NULL || part[1].len == 0)
		return err_set(err, ERR_SYNTAX, "not a rewritten sender");
	part[2] = in; /* with any "=" in it; it may be empty */
	if (!is_hash(srs, sum, part, NELEMS(part)))
		return err_set(err, ERR_DENIED, "not rewritten by us");
	if (!is_recent(srs, part[0], now))
		return err_set(err, ERR_DENIED, "rewritten too long ago");
	return put_address(out, part[2], part[1], err);
}

static int
reverse_next(struct buf *out, const struct srs *srs, struct str in,
    struct err *err)
{
	struct str sum, part[2];
	struct buf local;
	int ret;

	if (!take_srs1(in, &sum, &part[0], &part[1]))
		return err_set(err, ERR_SYNTAX, "not a rewritten sender");
	if (!is_hash(srs, sum, part, NELEMS(part)))
		return err_set(err, ERR_DENIED, "not rewritten by us");
	buf_init(&local, 2 * SMTP_PATH_MAX);
	(void)buf_addf(&local, "SRS0%" STR_F, STR_A(part[1]));
	ret = put_address(out, buf_str(&local), part[0], err);
	buf_clear(&local);
	return ret;
}

bool
srs_is_ours(const struct srs *srs, struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');
	struct str local;

	if (at < 0 ||
	    !str_ieq(str_sub(address, (size_t)at + 1, address.len),
		srs->domain))
		return false;
	local = str_sub(address, 0, (size_t)at);
	(void)str_take(&local, '"');
	return take_tag(&local, "SRS0") || take_tag(&local, "SRS1");
}

int
srs_reverse(struct buf *out, const struct srs *srs, struct str address,
    int64_t now, struct err *err)
{
	struct arena *arena = arena_new(ARENA);
	struct smtp_path path;
	struct str rest;
	int ret = -1;

	if (parse(&path, address, arena, err) < 0)
		goto out;
	rest = path.local;
	if (take_tag(&rest, "SRS0"))
		ret = reverse_first(out, srs, rest, now, err);
	else if (take_tag(&rest, "SRS1"))
		ret = reverse_next(out, srs, rest, err);
	else
		ret = err_set(err, ERR_SYNTAX, "not a rewritten sender");
out:
	arena_free(arena);
	return ret;
}
