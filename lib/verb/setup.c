#include "verb/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "base/num.h"
#include "net/addr.h"
#include "verb/families.h"

enum {
	DOMAIN_MAX = 253, /* RFC 1035 section 2.3.4, without the last dot */
	LABEL_MAX = 63,
	PORT_BASE_STEP = 1000,
	PORT_BASE_MAX = 31000,
	USER_PORT_BASE = 10000,
};

/* Letters, digits and inner hyphens: RFC 952 as RFC 1123 section 2.1 has it. */
static bool
is_hostname(struct str name)
{
	struct str label;

	if (name.len == 0 || name.len > DOMAIN_MAX)
		return false;
	while (str_split(&name, '.', &label)) {
		if (label.len == 0 || label.len > LABEL_MAX ||
		    label.p[0] == '-' || label.p[label.len - 1] == '-')
			return false;
		for (size_t i = 0; i < label.len; i++) {
			if (!is_alpha(label.p[i]) && !is_digit(label.p[i]) &&
			    label.p[i] != '-')
				return false;
		}
	}
	return true;
}

static int
check_listen(struct verb_call *call, struct str list, struct err *err)
{
	struct str word;

	while (str_split(&list, ',', &word)) {
		struct addr addr;

		word = str_trim(word);
		if (!str_eqz(word, "all") && !str_eqz(word, "loopback-only") &&
		    addr_parse_ip(&addr, word, err) < 0)
			return verb_usage(call, err,
			    "--listen: \"%" STR_F
			    "\" is not an address, \"all\" or "
			    "\"loopback-only\"",
			    STR_A(word));
	}
	return 0;
}

static int
take_port_base(struct setup *setup, struct verb_call *call, struct err *err)
{
	const char *text = verb_option(call, "--port-base");
	uint64_t base = setup->is_root ? 0 : USER_PORT_BASE;

	if (text != NULL &&
	    (!num_parse(str_of(text), PORT_BASE_MAX, &base) ||
		base % PORT_BASE_STEP != 0))
		return verb_usage(call, err,
		    "--port-base: a multiple of %d up to %d expected",
		    PORT_BASE_STEP, PORT_BASE_MAX);
	setup->port_base = (unsigned)base;
	return 0;
}

static const char *
option_or(const struct verb_call *call, const char *name, const char *other)
{
	const char *value = verb_option(call, name);

	return value != NULL ? value : other;
}

static int
take_options(struct setup *setup, struct verb_call *call, char *host,
    size_t host_size, struct err *err)
{
	setup->is_root = geteuid() == 0;
	setup->domain = verb_option(call, "--domain");
	if (setup->domain == NULL)
		return verb_usage(call, err, "--domain is needed");
	if (!is_hostname(str_of(setup->domain)))
		return verb_usage(call, err, "--domain: \"%.100s\" is none",
		    setup->domain);
	(void)snprintf(host, host_size, "mail.%s", setup->domain);
	setup->hostname = option_or(call, "--hostname", host);
	if (!is_hostname(str_of(setup->hostname)))
		return verb_usage(call, err, "--hostname: \"%.100s\" is none",
		    setup->hostname);
	setup->listen =
	    option_or(call, "--listen", setup->is_root ? "all" : "127.0.0.1");
	setup->admin = option_or(call, "--admin", "");
	if (setup->admin[0] != '\0' &&
	    (strchr(setup->admin, '@') == NULL ||
		strpbrk(setup->admin, " \t\r\n<>") != NULL))
		return verb_usage(call, err, "--admin: an address expected");
	if (check_listen(call, str_of(setup->listen), err) < 0)
		return -1;
	return take_port_base(setup, call, err);
}

static int
open_dir(struct setup *setup, struct err *err)
{
	const char *dir = setup->env->dir;

	if (fs_mkdir(AT_FDCWD, dir, 0711, err) < 0)
		return -1;
	setup->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (setup->dirfd < 0)
		return err_sys(err, "open %s", dir);
	if (faccessat(setup->dirfd, "etc/main.cf", F_OK, 0) == 0)
		return err_set(err, ERR_EXISTS,
		    "%s is set up already (it has etc/main.cf)", dir);
	/* Daemons search it on their way, and nobody lists it. */
	if (fchmod(setup->dirfd, 0711) < 0)
		return err_sys(err, "chmod %s", dir);
	if (fs_mkdir(setup->dirfd, "etc", 0755, err) < 0 ||
	    fs_mkdir(setup->dirfd, "tls", setup->is_root ? 0755 : 0700, err) <
		0)
		return -1;
	return 0;
}

static void
print_ports(const struct setup *setup, struct print *print)
{
	static const struct {
		const char *name;
		unsigned port;
	} ports[] = {
		{ "smtp", 25 },
		{ "submission", 587 },
		{ "submissions", 465 },
		{ "imap", 143 },
		{ "imaps", 993 },
		{ "pop3", 110 },
		{ "pop3s", 995 },
	};

	print_open_record(print, "ports");
	for (size_t i = 0; i < NELEMS(ports); i++)
		print_int(print, ports[i].name,
		    ports[i].port + setup->port_base);
	print_close(print);
}

/* What to tell clients, and what to publish (RFC 6186, 7489, 7208). */
static void
print_result(const struct setup *setup, struct print *print)
{
	unsigned base = setup->port_base;

	print_strz(print, "directory", setup->env->dir);
	print_strz(print, "domain", setup->domain);
	print_strz(print, "hostname", setup->hostname);
	print_line(print, "%s", "");
	print_line(print, "Client settings (user name: the whole address):");
	print_line(print, "  IMAP  %s port %u, TLS (or %u with STARTTLS)",
	    setup->hostname, 993 + base, 143 + base);
	print_line(print, "  POP3  %s port %u, TLS (or %u with STARTTLS)",
	    setup->hostname, 995 + base, 110 + base);
	print_line(print, "  SMTP  %s port %u, TLS (or %u with STARTTLS)",
	    setup->hostname, 465 + base, 587 + base);
	print_line(print, "%s", "");
	print_line(print, "DNS records to publish:");
	print_line(print, "  %s. A (and AAAA) this host's address",
	    setup->hostname);
	print_line(print, "  %s. MX 10 %s.", setup->domain, setup->hostname);
	print_line(print, "  %s. TXT \"v=spf1 mx -all\"", setup->domain);
	print_line(print, "  _imaps._tcp.%s. SRV 0 1 %u %s.", setup->domain,
	    993 + base, setup->hostname);
	print_line(print, "  _pop3s._tcp.%s. SRV 10 1 %u %s.", setup->domain,
	    995 + base, setup->hostname);
	print_line(print, "  _submissions._tcp.%s. SRV 0 1 %u %s.",
	    setup->domain, 465 + base, setup->hostname);
	print_line(print, "%s", "");
	print_line(print,
	    "Next: chancery -C %s start, then chancery -C %s "
	    "user add NAME@%s",
	    setup->env->dir, setup->env->dir, setup->domain);
	if (setup->admin[0] == '\0')
		print_line(print,
		    "postmaster@ and abuse@ will reach the first user added.");
	if (setup_is_confined(setup))
		print_line(print,
		    "AppArmor confines slapd: add \"%s/directory/** rwk,\" and "
		    "\"%s/run/*/ldapi rw,\" to "
		    "/etc/apparmor.d/local/usr.sbin.slapd, then load it with "
		    "apparmor_parser -r /etc/apparmor.d/usr.sbin.slapd.",
		    setup->env->dir, setup->env->dir);
	if (print_is_json(print))
		print_ports(setup, print);
}

static int
run_steps(struct setup *setup, struct err *err)
{
	if (setup_users(setup, err) < 0 || setup_certificate(setup, err) < 0 ||
	    setup_ticket_keys(setup, err) < 0 ||
	    setup_directory(setup, err) < 0)
		return -1;
	return setup_config(setup, err);
}

static int
run_setup(struct verb_call *call, struct err *err)
{
	struct setup setup = { .env = call->env, .dirfd = -1 };
	char host[DOMAIN_MAX + 8];
	int ret = -1;

	if (take_options(&setup, call, host, sizeof(host), err) == 0 &&
	    open_dir(&setup, err) == 0)
		ret = run_steps(&setup, err);
	if (setup.dirfd >= 0)
		(void)close(setup.dirfd);
	if (ret == 0)
		print_result(&setup, call->print);
	return ret;
}

const struct verb setup_verbs[] = {
	{ VERB_ANYONE, "setup", "",
	    "--domain D --hostname H --listen ADDR --port-base N --admin ADDR",
	    "make a working instance in DIR", .run = run_setup },
	{ .who = VERB_END },
};
