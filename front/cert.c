/*
 * cert - the certificate and the key, which only front holds.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "base/log.h"
#include "front/front.h"

static int
read_pem(struct buf *out, int fd, const char *what, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "%s", what);
	if (!S_ISREG(st.st_mode) || st.st_size > TLS_PEM_MAX)
		return err_set(err, ERR_LIMIT, "%s: no file of PEM", what);
	if (buf_reserve(out, (size_t)st.st_size) == NULL ||
	    fs_pread_all(fd, out->p, (size_t)st.st_size, 0, err) < 0)
		return err_prefix(err, "%s", what);
	out->len = (size_t)st.st_size;
	return 0;
}

int
front_load_cert(struct front *front, int cert_fd, int key_fd, struct err *err)
{
	const struct front_conf *conf = &front->conf;
	struct buf cert, key;
	struct tls_server *server = NULL;
	int ret = -1;

	buf_init(&cert, TLS_PEM_MAX);
	buf_init_secret(&key, TLS_PEM_MAX);
	if (read_pem(&cert, cert_fd, conf->cert_file, err) < 0 ||
	    read_pem(&key, key_fd, conf->key_file, err) < 0)
		goto out;
	if (tls_server_new(&server,
		&(struct tls_server_conf){
		    .cert = buf_str(&cert),
		    .key = buf_str(&key),
		    .ciphers =
			conf->tls_ciphers[0] == '\0' ? NULL : conf->tls_ciphers,
		    .only_tls13 = conf->tls_only13,
		    .ask_client = conf->ask_client_cert,
		    .client_ca = buf_str(&front->client_ca),
		    .tickets = front->tickets,
		},
		err) < 0) {
		(void)err_prefix(err, "%s", conf->cert_file);
		goto out;
	}
	tls_server_free(front->tls);
	front->tls = server;
	ret = 0;
out:
	buf_clear(&cert);
	buf_clear(&key);
	return ret;
}

int
front_load_client_ca(struct front *front, struct err *err)
{
	const char *file = front->conf.client_ca_file;
	int fd, ret;

	buf_init(&front->client_ca, TLS_PEM_MAX);
	if (file[0] == '\0')
		return 0;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "%s", file);
	ret = read_pem(&front->client_ca, fd, file, err);
	(void)close(fd);
	return ret;
}
