#include "front/service.h"

#include <stdio.h>

#include "base/attr.h"

/* The names of RFC 6335's registry, and smtps as Postfix has it. */
static const char usual[] = "smtp=smtp submission=smtp submissions=smtp+tls "
			    "smtps=smtp+tls imap=imap imap2=imap "
			    "imaps=imap+tls pop3=pop3 pop3s=pop3+tls "
			    "25=smtp 587=smtp 465=smtp+tls 143=imap "
			    "993=imap+tls 110=pop3 995=pop3+tls";

static const struct {
	const char *name;
	enum limits_class class;
	const struct login_proto *login;
} protocols[] = {
	{ "smtp", LIMITS_SMTP, NULL },
	{ "imap", LIMITS_IMAP, &imap_login },
	{ "pop3", LIMITS_POP3, &pop3_login },
};

/* protocol ["+tls"] */
static int
set_protocol(struct service *service, struct str name, struct str text,
    struct err *err)
{
	struct str word = text;

	if (str_ends(word, STR("+tls"))) {
		service->tls = true;
		word.len -= 4;
	}
	for (size_t i = 0; i < NELEMS(protocols); i++) {
		if (!str_eqz(word, protocols[i].name))
			continue;
		service->class = protocols[i].class;
		service->login = protocols[i].login;
		service->is_mx = service->class == LIMITS_SMTP &&
		    !service->tls && !str_eqz(name, "submission") &&
		    !str_eqz(name, "587");
		return 0;
	}
	return err_set(err, ERR_SYNTAX,
	    "front_services: \"%" STR_F "\" is no protocol",
	    STR_A(str_sub(text, 0, 60)));
}

static bool
take_entry(struct str *in, struct str *entry)
{
	size_t len = 0;

	while (in->len > 0 &&
	    (in->p[0] == ' ' || in->p[0] == ',' || in->p[0] == '\t' ||
		in->p[0] == '\n'))
		str_skip(in, 1);
	while (len < in->len && in->p[len] != ' ' && in->p[len] != ',' &&
	    in->p[len] != '\t' && in->p[len] != '\n')
		len++;
	*entry = str_sub(*in, 0, len);
	str_skip(in, len);
	return len > 0;
}

/* 1: found and set; 0: not in the list; -1. */
static int
look_in(struct service *service, struct str name, struct str list,
    struct err *err)
{
	struct str entry;

	while (take_entry(&list, &entry)) {
		ptrdiff_t at = str_rchr(entry, '=');

		if (at <= 0)
			return err_set(err, ERR_SYNTAX,
			    "front_services: \"%" STR_F
			    "\" is not name=protocol",
			    STR_A(str_sub(entry, 0, 60)));
		if (!str_eq(str_sub(entry, 0, (size_t)at), name))
			continue;
		str_skip(&entry, (size_t)at + 1);
		return set_protocol(service, name, entry, err) < 0 ? -1 : 1;
	}
	return 0;
}

int
service_find(struct service *service, struct str name, struct str services,
    struct err *err)
{
	ptrdiff_t host = str_rchr(name, ':');
	int found;

	*service = (struct service){ 0 };
	(void)snprintf(service->name, sizeof(service->name), "%" STR_F,
	    STR_A(str_sub(name, 0, sizeof(service->name) - 1)));
	found = look_in(service, name, services, err);
	if (host >= 0) /* "127.0.0.1:smtp", as master.cf may have it */
		str_skip(&name, (size_t)host + 1);
	if (found == 0)
		found = look_in(service, name, str_of(usual), err);
	if (found == 0)
		return err_set(err, ERR_NOENT,
		    "service %s: front_services does not name its protocol",
		    service->name);
	return found < 0 ? -1 : 0;
}
