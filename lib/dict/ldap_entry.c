#include "dict/ldap_entry.h"

#include <errno.h>
#include <openldap.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/num.h"
#include "dict/ldap_internal.h"

const struct ldap_attr *
ldap_entry_attr(const struct ldap_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->count; i++) {
		if (str_ieqz(entry->attrs[i].name, name))
			return &entry->attrs[i];
	}
	return NULL;
}

struct str
ldap_entry_value(const struct ldap_entry *entry, const char *name)
{
	const struct ldap_attr *attr = ldap_entry_attr(entry, name);

	if (attr == NULL || attr->count == 0)
		return (struct str){ NULL, 0 };
	return attr->values[0];
}

uint64_t
ldap_entry_number(const struct ldap_entry *entry, const char *name,
    uint64_t other)
{
	uint64_t n;

	if (!num_parse(ldap_entry_value(entry, name), UINT64_MAX, &n))
		return other;
	return n;
}

bool
ldap_entry_has(const struct ldap_entry *entry, const char *name,
    struct str value)
{
	const struct ldap_attr *attr = ldap_entry_attr(entry, name);

	for (size_t i = 0; attr != NULL && i < attr->count; i++) {
		if (str_ieq(attr->values[i], value))
			return true;
	}
	return false;
}

static int
open_socket(const char *path, bool blocking, struct err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path))
		return err_set(err, ERR_LIMIT, "socket path too long: %s",
		    path);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX,
	    SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
	if (fd < 0)
		return err_sys(err, "socket");
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0) {
		err_sys(err, "connect to directory at %s", path);
		err->kind = ERR_TEMP;
		(void)close(fd);
		return -1;
	}
	return fd;
}

LDAP *
ldap_internal_connect_fd(int fd, int timeout_ms, struct err *err)
{
	struct timeval limit = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	int version = LDAP_VERSION3, rc;
	LDAP *ld = NULL;

	rc = ldap_init_fd(fd, LDAP_PROTO_IPC, "ldapi:///", &ld);
	if (rc != LDAP_SUCCESS) {
		(void)close(fd);
		(void)ldap_internal_error(rc, "connect", NULL, err);
		return NULL;
	}
	(void)ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	(void)ldap_set_option(ld, LDAP_OPT_TIMEOUT, &limit);
	(void)ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	(void)ldap_set_option(ld, LDAP_OPT_RESTART, LDAP_OPT_ON);
	return ld;
}

LDAP *
ldap_internal_connect(const char *path, bool blocking, int timeout_ms,
    struct err *err)
{
	int fd = open_socket(path, blocking, err);

	return fd < 0 ? NULL : ldap_internal_connect_fd(fd, timeout_ms, err);
}

static int
copy_values(struct ldap_attr *attr, struct berval **values, struct arena *arena)
{
	size_t count = (size_t)ldap_count_values_len(values);

	attr->values = arena_calloc(arena, count + 1, sizeof(struct str));
	if (attr->values == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct str v = str_make(values[i]->bv_val, values[i]->bv_len);

		attr->values[i] = arena_str(arena, v);
		if (attr->values[i].p == NULL)
			return -1;
	}
	attr->count = count;
	return 0;
}

static size_t
count_attrs(LDAP *ld, LDAPMessage *msg)
{
	BerElement *ber = NULL;
	size_t count = 0;
	char *name;

	for (name = ldap_first_attribute(ld, msg, &ber); name != NULL;
	     name = ldap_next_attribute(ld, msg, ber)) {
		count++;
		ldap_memfree(name);
	}
	ber_free(ber, 0);
	return count;
}

/* -1 when the arena is full. */
static int
copy_attrs(LDAP *ld, LDAPMessage *msg, struct ldap_entry *entry,
    struct arena *arena)
{
	size_t room = count_attrs(ld, msg);
	BerElement *ber = NULL;
	int ret = -1;
	char *name;

	entry->attrs = arena_calloc(arena, room + 1, sizeof(struct ldap_attr));
	if (entry->attrs == NULL)
		return -1;
	name = ldap_first_attribute(ld, msg, &ber);
	while (name != NULL && entry->count < room) {
		struct ldap_attr *attr = &entry->attrs[entry->count++];
		struct berval **values = ldap_get_values_len(ld, msg, name);
		int rc = 0;

		attr->name = arena_str(arena, str_of(name));
		ldap_memfree(name);
		if (values != NULL)
			rc = copy_values(attr, values, arena);
		ldap_value_free_len(values);
		if (attr->name.p == NULL || rc < 0)
			goto out;
		name = ldap_next_attribute(ld, msg, ber);
	}
	ret = 0;
out:
	ber_free(ber, 0);
	return ret;
}

int
ldap_internal_entries(LDAP *ld, LDAPMessage *chain, struct arena *arena,
    struct ldap_entry **entries, size_t *count, struct err *err)
{
	int room = ldap_count_entries(ld, chain);
	LDAPMessage *msg;

	*count = 0;
	*entries = NULL;
	if (room < 0)
		return err_set(err, ERR_TEMP, "directory: bad answer");
	*entries =
	    arena_calloc(arena, (size_t)room + 1, sizeof(struct ldap_entry));
	if (*entries == NULL)
		return err_set(err, ERR_LIMIT, "directory: answer too large");
	for (msg = ldap_first_entry(ld, chain); msg != NULL;
	     msg = ldap_next_entry(ld, msg)) {
		struct ldap_entry *entry = &(*entries)[(*count)++];
		char *dn = ldap_get_dn(ld, msg);

		if (dn == NULL)
			return err_set(err, ERR_TEMP, "directory: bad answer");
		entry->dn = arena_str(arena, str_of(dn));
		ldap_memfree(dn);
		if (entry->dn.p == NULL ||
		    copy_attrs(ld, msg, entry, arena) < 0)
			return err_set(err, ERR_LIMIT,
			    "directory: answer too large");
	}
	return 0;
}

static enum err_kind
kind_of(int code)
{
	switch (code) {
	case LDAP_NO_SUCH_OBJECT:
	case LDAP_NO_SUCH_ATTRIBUTE:
		return ERR_NOENT;
	case LDAP_ALREADY_EXISTS:
	case LDAP_TYPE_OR_VALUE_EXISTS:
	case LDAP_CONSTRAINT_VIOLATION: /* unique(5) */
		return ERR_EXISTS;
	case LDAP_INVALID_CREDENTIALS:
	case LDAP_INSUFFICIENT_ACCESS:
	case LDAP_INAPPROPRIATE_AUTH:
	case LDAP_UNWILLING_TO_PERFORM:
		return ERR_DENIED;
	case LDAP_SIZELIMIT_EXCEEDED:
	case LDAP_ADMINLIMIT_EXCEEDED:
		return ERR_LIMIT;
	case LDAP_INVALID_DN_SYNTAX:
	case LDAP_INVALID_SYNTAX:
	case LDAP_OBJECT_CLASS_VIOLATION:
	case LDAP_UNDEFINED_TYPE:
	case LDAP_FILTER_ERROR:
		return ERR_SYNTAX;
	default:
		return ERR_TEMP;
	}
}

int
ldap_internal_error(int code, const char *what, const char *detail,
    struct err *err)
{
	if (detail != NULL && detail[0] != '\0')
		return err_set(err, kind_of(code), "directory: %s: %s (%s)",
		    what, ldap_err2string(code), detail);
	return err_set(err, kind_of(code), "directory: %s: %s", what,
	    ldap_err2string(code));
}
