#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "base/time.h"
#include "verb/certfile.h"
#include "verb/control.h"
#include "verb/families.h"

/* A key that others can read is no secret: better said than installed. */
static int
check_key_mode(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(err, "%s", path);
	if (st.st_mode & S_IROTH)
		return err_set(err, ERR_DENIED,
		    "%s: others can read this key (chmod o-r)", path);
	return 0;
}

static int
look(struct verb_call *call, struct str chain, struct str key, struct err *err)
{
	struct main_cf *cf = verb_main_cf(call, err);
	const char *host =
	    cf == NULL ? NULL : main_cf_get(cf, "myhostname", err);
	struct certfile cert;
	int64_t now = time_real() / TIME_SECOND;

	if (host == NULL || certfile_look(&cert, chain, key, host, err) < 0)
		return -1;
	if (cert.not_after <= now)
		return err_set(err, ERR_SYNTAX, "the certificate has expired");
	if (cert.not_before > now)
		return err_set(err, ERR_SYNTAX,
		    "the certificate is not valid yet");
	if (!cert.names_host)
		print_line(call->print,
		    "warning: the certificate is not one for %s", host);
	if (cert.chain == 1 && !cert.is_self_signed)
		print_line(call->print,
		    "warning: no intermediate certificates: some clients will "
		    "not know who signed it");
	print_strz(call->print, "hostname", host);
	print_time(call->print, "valid_until", cert.not_after);
	return 0;
}

/* Whole and synced beside the file that it is to replace. */
static int
prepare(struct verb_call *call, const char *path, struct str pem, mode_t mode,
    struct err *err)
{
	char fresh[PATH_MAX];

	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	return fs_write_file(call->env->dirfd, fresh, pem, mode, err);
}

static int
replace(struct verb_call *call, const char *path, struct err *err)
{
	char fresh[PATH_MAX];

	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	return renameat(call->env->dirfd, fresh, call->env->dirfd, path) < 0 ?
	    err_sys(err, "rename %s", fresh) :
	    fs_sync_parent(call->env->dirfd, path, err);
}

/* Of what was not replaced, and perhaps was never there. */
static void
discard(struct verb_call *call, const char *path)
{
	char fresh[PATH_MAX];

	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	(void)unlinkat(call->env->dirfd, fresh, 0);
}

/*
 * Both are on disk before either is in its place, so that a full disk changes
 * nothing. A crash between the two leaves a pair that does not match.
 */
static int
put(struct verb_call *call, struct str chain, struct str key, struct err *err)
{
	struct main_cf *cf = verb_main_cf(call, err);
	const char *cert_path, *key_path;

	if (cf == NULL || (cert_path = certfile_cert_path(cf, err)) == NULL ||
	    (key_path = certfile_key_path(cf, err)) == NULL)
		return -1;
	if (prepare(call, key_path, key, 0600, err) == 0 &&
	    prepare(call, cert_path, chain, 0644, err) == 0 &&
	    replace(call, key_path, err) == 0 &&
	    replace(call, cert_path, err) == 0)
		return 0;
	discard(call, key_path);
	discard(call, cert_path);
	return -1;
}

/* Have the server that runs, if one does, serve it. */
static int
take(struct verb_call *call, struct err *err)
{
	if (control_ask(call->env, "reload", NULL, NULL, err) == 0)
		print_line(call->print,
		    "installed; new connections have it, old ones go on");
	else if (err->kind == ERR_NOENT)
		print_line(call->print, "installed; the server does not run");
	else
		return err_prefix(err, "installed, but not taken");
	return 0;
}

static int
install(struct verb_call *call, struct err *err)
{
	struct buf chain, key;
	int ret = -1;

	buf_init(&chain, CERTFILE_MAX);
	buf_init(&key, CERTFILE_MAX);
	if (check_key_mode(call->args[1], err) == 0 &&
	    fs_read_file(AT_FDCWD, call->args[0], &chain, err) == 0 &&
	    fs_read_file(AT_FDCWD, call->args[1], &key, err) == 0 &&
	    look(call, buf_str(&chain), buf_str(&key), err) == 0)
		ret = put(call, buf_str(&chain), buf_str(&key), err);
	buf_clear(&chain);
	buf_clear_secret(&key);
	return ret < 0 ? -1 : take(call, err);
}

const struct verb tls_verbs[] = {
	{ VERB_OPERATOR, "tls install", "CERT KEY", "",
	    "use this certificate (with its chain) and key", .run = install },
	{ .who = VERB_END },
};
