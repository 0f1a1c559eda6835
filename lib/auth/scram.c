#include "auth/scram.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <unicode/usprep.h>
#include <unicode/ustring.h>

#include "base/base64.h"
#include "base/rand.h"

enum { DIGEST = 32, PREPARED_MAX = 4096, NAME_LIMIT = 40 };

static const char name[] = "SCRAM-SHA-256";

static bool
is_ascii_text(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c > '~')
			return false;
	}
	return true;
}

/* SASLprep: what is printable ASCII stays as it is. */
static int
prepare(struct buf *out, struct str password, struct err *err)
{
	UChar wide[PREPARED_MAX], ready[PREPARED_MAX];
	char text[PREPARED_MAX * 3];
	int32_t len = 0, ready_len = 0, text_len = 0;
	UErrorCode rc = U_ZERO_ERROR;
	UStringPrepProfile *profile;

	if (is_ascii_text(password))
		return buf_add_str(out, password) < 0 ?
		    err_set(err, ERR_LIMIT, "password too long") :
		    0;
	profile = usprep_openByType(USPREP_RFC4013_SASLPREP, &rc);
	if (U_SUCCESS(rc))
		(void)u_strFromUTF8(wide, PREPARED_MAX, &len, password.p,
		    (int32_t)password.len, &rc);
	if (U_SUCCESS(rc))
		ready_len = usprep_prepare(profile, wide, len, ready,
		    PREPARED_MAX, USPREP_DEFAULT, NULL, &rc);
	if (U_SUCCESS(rc))
		(void)u_strToUTF8(text, sizeof(text), &text_len, ready,
		    ready_len, &rc);
	if (profile != NULL)
		usprep_close(profile);
	if (U_SUCCESS(rc))
		(void)buf_add(out, text, (size_t)text_len);
	explicit_bzero(wide, sizeof(wide));
	explicit_bzero(ready, sizeof(ready));
	explicit_bzero(text, sizeof(text));
	if (U_FAILURE(rc) || out->len == 0)
		return err_set(err, ERR_SYNTAX,
		    "SCRAM allows no such password");
	return 0;
}

static int
hmac(unsigned char out[DIGEST], struct str key, struct str text,
    struct err *err)
{
	unsigned len = DIGEST;

	if (HMAC(EVP_sha256(), key.p, (int)key.len,
		(const unsigned char *)text.p, text.len, out, &len) == NULL)
		return err_set(err, ERR_TEMP, "HMAC");
	return 0;
}

static int
write_secret(struct buf *out, const unsigned char salt[SCRAM_SALT],
    const unsigned char stored[DIGEST], const unsigned char server[DIGEST],
    struct err *err)
{
	(void)buf_addf(out, "%s$%d:", name, SCRAM_ITERATIONS);
	(void)base64_encode(out, str_make((const char *)salt, SCRAM_SALT));
	(void)buf_addc(out, '$');
	(void)base64_encode(out, str_make((const char *)stored, DIGEST));
	(void)buf_addc(out, ':');
	(void)base64_encode(out, str_make((const char *)server, DIGEST));
	return out->full ? err_set(err, ERR_LIMIT, "SCRAM secret too long") : 0;
}

/* RFC 5802 section 3: SaltedPassword, ClientKey, StoredKey, ServerKey. */
int
scram_secret(struct buf *out, struct str password, struct err *err)
{
	unsigned char salt[SCRAM_SALT], salted[DIGEST], client[DIGEST];
	unsigned char stored[DIGEST], server[DIGEST];
	struct str key = str_make((const char *)salted, DIGEST);
	struct buf ready;
	int ret;

	buf_init_secret(&ready, PREPARED_MAX);
	ret = prepare(&ready, password, err);
	rand_bytes(salt, sizeof(salt));
	if (ret == 0 &&
	    (PKCS5_PBKDF2_HMAC(ready.p, (int)ready.len, salt, SCRAM_SALT,
		 SCRAM_ITERATIONS, EVP_sha256(), DIGEST, salted) != 1 ||
		hmac(client, key, STR("Client Key"), err) < 0 ||
		hmac(server, key, STR("Server Key"), err) < 0 ||
		EVP_Digest(client, DIGEST, stored, NULL, EVP_sha256(), NULL) !=
		    1))
		ret = err_set(err, ERR_TEMP, "make SCRAM secret");
	if (ret == 0)
		ret = write_secret(out, salt, stored, server, err);
	buf_clear_secret(&ready);
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
	return ret;
}

int
scram_fake(struct buf *out, struct str key, struct str user, struct err *err)
{
	static const char *const labels[] = { "salt ", "stored ", "server " };
	unsigned char made[3][DIGEST];
	struct buf text;

	for (size_t i = 0; i < 3; i++) {
		int ret;

		buf_init(&text, 0);
		(void)buf_addz(&text, labels[i]);
		(void)buf_add_str(&text, user);
		ret = hmac(made[i], key, buf_str(&text), err);
		buf_clear(&text);
		if (ret < 0)
			return -1;
	}
	return write_secret(out, made[0], made[1], made[2], err);
}

struct str
scram_valid(struct str value, struct str changed)
{
	struct str rest = value, secret;

	if (!str_split(&rest, ' ', &secret) ||
	    !str_starts(secret, str_of(name)))
		return (struct str){ NULL, 0 };
	/* where slapd keeps no times, none was written */
	return str_eq(rest, changed) ? secret : (struct str){ NULL, 0 };
}

/* saslname: "=2C" is a comma, "=3D" the sign itself; no other is allowed. */
static int
decode_name(struct buf *out, struct str in)
{
	while (in.len > 0) {
		char c = in.p[0];

		if (c == '\0')
			return -1;
		if (c == '=') {
			if (str_starts(in, STR("=2C")))
				c = ',';
			else if (!str_starts(in, STR("=3D")))
				return -1;
			str_skip(&in, 2);
		}
		if (buf_addc(out, c) < 0)
			return -1;
		str_skip(&in, 1);
	}
	return out->len > 0 ? 0 : -1;
}

/* gs2-cbind-flag = ("p=" cb-name) / "n" / "y" */
static int
parse_flag(struct scram_first *out, struct str in)
{
	if (in.len == 1 && (in.p[0] == 'n' || in.p[0] == 'y')) {
		out->flag = in.p[0];
		return 0;
	}
	if (!str_starts(in, STR("p=")) || in.len == 2 || in.len > NAME_LIMIT)
		return -1;
	out->flag = 'p';
	out->binding = str_sub(in, 2, in.len);
	return 0;
}

static bool
take_attribute(struct str *in, struct str *out)
{
	return in->p != NULL && str_split(in, ',', out) && in->p != NULL;
}

int
scram_parse_first(struct scram_first *out, struct str in, struct err *err)
{
	struct str part;

	*out = (struct scram_first){ 0 };
	buf_init(&out->user, SCRAM_NAME_MAX);
	if (!take_attribute(&in, &part) || parse_flag(out, part) < 0)
		return err_set(err, ERR_SYNTAX, "SCRAM: no gs2-header");
	/* [authzid]: what it may be is checked by the mechanism */
	if (!take_attribute(&in, &part) ||
	    (part.len > 0 && !str_starts(part, STR("a="))))
		return err_set(err, ERR_SYNTAX, "SCRAM: no authzid");
	/* section 5.1: "m=" is for extensions that we must refuse */
	if (!take_attribute(&in, &part) || !str_starts(part, STR("n=")) ||
	    decode_name(&out->user, str_sub(part, 2, part.len)) < 0) {
		buf_clear(&out->user);
		return err_set(err, ERR_SYNTAX, "SCRAM: no user name");
	}
	return 0;
}
