#include "auth/secret.h"

#include <argon2.h>
#include <string.h>

#include "base/rand.h"

enum { ENCODED_MAX = 256, UNKNOWN = 32 };

int
secret_hash(struct buf *out, struct str password, struct err *err)
{
	unsigned char salt[SECRET_SALT];
	char encoded[ENCODED_MAX];
	int rc;

	rand_bytes(salt, sizeof(salt));
	rc = argon2id_hash_encoded(SECRET_PASSES, SECRET_MEMORY, SECRET_LANES,
	    password.p, password.len, salt, sizeof(salt), SECRET_HASH, encoded,
	    sizeof(encoded));
	if (rc != ARGON2_OK)
		return err_set(err, ERR_TEMP, "hash password: %s",
		    argon2_error_message(rc));
	if (buf_addf(out, "{ARGON2}%s", encoded) < 0)
		return err_set(err, ERR_LIMIT, "hashed password too long");
	return 0;
}

int
secret_hash_unknown(struct buf *out, struct err *err)
{
	char password[UNKNOWN];
	int ret;

	rand_bytes(password, sizeof(password));
	ret = secret_hash(out, str_make(password, sizeof(password)), err);
	explicit_bzero(password, sizeof(password));
	return ret;
}
