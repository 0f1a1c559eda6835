#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/num.h"

static const unsigned char mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static size_t
ip_len(const struct addr *addr)
{
	return addr->family == ADDR_IPV4 ? 4 : 16;
}

/* RFC 4291 section 2.5.5.2. */
static void
unmap(struct addr *addr)
{
	if (addr->family != ADDR_IPV6 ||
	    memcmp(addr->ip, mapped_prefix, sizeof(mapped_prefix)) != 0)
		return;
	addr->family = ADDR_IPV4;
	addr->scope = 0;
	memmove(addr->ip, addr->ip + 12, 4);
	memset(addr->ip + 4, 0, 12);
}

/* An address as written, not unmapped: networks need to see its length. */
static bool
take_ip(struct addr *addr, struct str text)
{
	char copy[ADDR_IP_SIZE];

	*addr = (struct addr){ 0 };
	if (text.len == 0 || text.len >= sizeof(copy) ||
	    memchr(text.p, '\0', text.len) != NULL)
		return false;
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, addr->ip) == 1)
		addr->family = ADDR_IPV4;
	else if (inet_pton(AF_INET6, copy, addr->ip) == 1)
		addr->family = ADDR_IPV6;
	else
		return false;
	return true;
}

static int
bad(struct err *err, const char *what, struct str text)
{
	return err_set(err, ERR_SYNTAX, "\"%" STR_F "\" is no %s",
	    STR_A(str_sub(text, 0, 100)), what);
}

int
addr_parse_ip(struct addr *addr, struct str text, struct err *err)
{
	if (!take_ip(addr, text))
		return bad(err, "IP address", text);
	unmap(addr);
	return 0;
}

bool
addr_parse_port(struct str text, uint16_t *port)
{
	uint64_t n;

	if (text.len == 0 || text.len > 5 ||
	    (text.len > 1 && text.p[0] == '0') ||
	    !num_parse(text, UINT16_MAX, &n))
		return false;
	*port = (uint16_t)n;
	return true;
}

static int
parse_path(struct addr *addr, struct str path, struct err *err)
{
	if (path.len == 0 || path.len >= sizeof(addr->path) ||
	    memchr(path.p, '\0', path.len) != NULL)
		return bad(err, "path for a UNIX socket", path);
	addr->family = ADDR_UNIX;
	memcpy(addr->path, path.p, path.len);
	return 0;
}

/* "[" IPv6 "]" [":" port], or IP [":" port] with one colon at most. */
static bool
split_port(struct str text, struct str *host, struct str *port)
{
	ptrdiff_t at;

	*port = (struct str){ 0 };
	if (str_take(&text, '[')) {
		if ((at = str_chr(text, ']')) < 0)
			return false;
		*host = str_sub(text, 0, (size_t)at);
		str_skip(&text, (size_t)at + 1);
		if (str_chr(*host, ':') < 0)
			return false; /* brackets are for IPv6 */
		if (text.len == 0)
			return true;
		if (!str_take(&text, ':'))
			return false;
		*port = text;
		return text.len > 0;
	}
	*host = text;
	at = str_chr(text, ':');
	if (at < 0 || at != str_rchr(text, ':'))
		return true;
	*host = str_sub(text, 0, (size_t)at);
	*port = str_sub(text, (size_t)at + 1, text.len);
	return port->len > 0;
}

int
addr_parse(struct addr *addr, struct str text, uint16_t port, struct err *err)
{
	struct str rest = text, host, digits;

	*addr = (struct addr){ 0 };
	if (str_take_str(&rest, STR("unix:")) || str_starts(rest, STR("/")))
		return parse_path(addr, rest, err);
	if (!split_port(text, &host, &digits) ||
	    addr_parse_ip(addr, host, err) < 0 ||
	    (digits.p != NULL && !addr_parse_port(digits, &port))) {
		*addr = (struct addr){ 0 };
		return bad(err, "address", text);
	}
	addr->port = port;
	return 0;
}

const char *
addr_format_ip(char out[ADDR_IP_SIZE], const struct addr *addr)
{
	int af = addr->family == ADDR_IPV4 ? AF_INET : AF_INET6;

	if (addr->family == ADDR_UNIX)
		(void)snprintf(out, ADDR_IP_SIZE, "unix");
	else if (addr->family == ADDR_NONE ||
	    inet_ntop(af, addr->ip, out, ADDR_IP_SIZE) == NULL)
		(void)snprintf(out, ADDR_IP_SIZE, "unknown");
	return out;
}

const char *
addr_format(char out[ADDR_SIZE], const struct addr *addr)
{
	char ip[ADDR_IP_SIZE];

	if (addr->family == ADDR_UNIX)
		(void)snprintf(out, ADDR_SIZE, "unix:%s", addr->path);
	else if (addr->family == ADDR_NONE)
		(void)snprintf(out, ADDR_SIZE, "unknown");
	else
		(void)snprintf(out, ADDR_SIZE,
		    addr->family == ADDR_IPV6 ? "[%s]:%u" : "%s:%u",
		    addr_format_ip(ip, addr), addr->port);
	return out;
}

static void
from_unix(struct addr *addr, const struct sockaddr *sa, socklen_t len)
{
	size_t used = len - offsetof(struct sockaddr_un, sun_path);
	const struct sockaddr_un *un = (const void *)sa;

	addr->family = ADDR_UNIX;
	if (len <= offsetof(struct sockaddr_un, sun_path))
		return; /* unnamed */
	if (used >= sizeof(addr->path))
		used = sizeof(addr->path) - 1;
	memcpy(addr->path, un->sun_path, used);
}

void
addr_from_sockaddr(struct addr *addr, const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	*addr = (struct addr){ 0 };
	if (len < sizeof(sa->sa_family))
		return;
	if (sa->sa_family == AF_UNIX) {
		from_unix(addr, sa, len);
	} else if (sa->sa_family == AF_INET && len >= sizeof(in)) {
		memcpy(&in, sa, sizeof(in));
		addr->family = ADDR_IPV4;
		addr->port = ntohs(in.sin_port);
		memcpy(addr->ip, &in.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6 && len >= sizeof(in6)) {
		memcpy(&in6, sa, sizeof(in6));
		addr->family = ADDR_IPV6;
		addr->port = ntohs(in6.sin6_port);
		addr->scope = in6.sin6_scope_id;
		memcpy(addr->ip, &in6.sin6_addr, 16);
		unmap(addr);
	}
}

socklen_t
addr_to_sockaddr(struct sockaddr_storage *out, const struct addr *addr)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	*out = (struct sockaddr_storage){ 0 };
	switch (addr->family) {
	case ADDR_IPV4:
		in.sin_port = htons(addr->port);
		memcpy(&in.sin_addr, addr->ip, 4);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	case ADDR_IPV6:
		in6.sin6_port = htons(addr->port);
		in6.sin6_scope_id = addr->scope;
		memcpy(&in6.sin6_addr, addr->ip, 16);
		memcpy(out, &in6, sizeof(in6));
		return sizeof(in6);
	case ADDR_UNIX:
		memcpy(un.sun_path, addr->path, sizeof(un.sun_path));
		memcpy(out, &un, sizeof(un));
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
		    strlen(addr->path) + 1);
	case ADDR_NONE:
		break;
	}
	return 0;
}

int
addr_of_local(struct addr *addr, int fd, struct err *err)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	*addr = (struct addr){ 0 };
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return err_sys(err, "getsockname");
	addr_from_sockaddr(addr, (struct sockaddr *)&ss, len);
	return 0;
}

bool
addr_is_loopback(const struct addr *addr)
{
	static const unsigned char six[16] = { [15] = 1 };

	switch (addr->family) {
	case ADDR_IPV4:
		return addr->ip[0] == 127;
	case ADDR_IPV6:
		return memcmp(addr->ip, six, sizeof(six)) == 0;
	case ADDR_UNIX:
		return true;
	case ADDR_NONE:
		break;
	}
	return false;
}

struct str
addr_host_key(const struct addr *addr)
{
	if (addr->family == ADDR_UNIX)
		return str_of(addr->path);
	if (addr->family == ADDR_NONE)
		return (struct str){ 0 };
	return str_make(addr->ip, ip_len(addr));
}

/* A bit beyond the prefix is set. */
static bool
has_host_bits(const struct addr *addr, unsigned bits)
{
	for (unsigned at = bits; at < ip_len(addr) * 8; at++)
		if (addr->ip[at / 8] & 0x80 >> at % 8)
			return true;
	return false;
}

/* ::ffff:192.0.2.0/120 is 192.0.2.0/24; a shorter prefix stays IPv6. */
static void
unmap_net(struct addr_net *net)
{
	if (net->addr.family != ADDR_IPV6 || net->bits < 96)
		return;
	unmap(&net->addr);
	if (net->addr.family == ADDR_IPV4)
		net->bits -= 96;
}

int
addr_net_parse(struct addr_net *net, struct str text, struct err *err)
{
	ptrdiff_t slash = str_chr(text, '/');
	struct str host = text;
	uint64_t bits;

	if (slash >= 0)
		host = str_sub(text, 0, (size_t)slash);
	if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
		host = str_sub(host, 1, host.len - 1);
	if (!take_ip(&net->addr, host))
		return bad(err, "network address", text);
	bits = ip_len(&net->addr) * 8;
	if (slash >= 0 &&
	    !num_parse(str_sub(text, (size_t)slash + 1, text.len), bits, &bits))
		return bad(err, "network address", text);
	net->bits = (unsigned)bits;
	if (has_host_bits(&net->addr, net->bits))
		return err_set(err, ERR_SYNTAX,
		    "network \"%" STR_F "\" has bits set beyond its prefix",
		    STR_A(str_sub(text, 0, 60)));
	unmap_net(net);
	return 0;
}

bool
addr_net_has(const struct addr_net *net, const struct addr *addr)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (addr->family != net->addr.family ||
	    (addr->family != ADDR_IPV4 && addr->family != ADDR_IPV6))
		return false;
	if (memcmp(addr->ip, net->addr.ip, whole) != 0)
		return false;
	return rest == 0 ||
	    (addr->ip[whole] ^ net->addr.ip[whole]) >> (8 - rest) == 0;
}

int
addr_nets_parse(struct addr_net *net, size_t max, size_t *count,
    struct str text, struct err *err)
{
	static const char blanks[] = ", \t\r\n";

	*count = 0;
	while (text.len > 0) {
		size_t len = 0;

		while (len < text.len &&
		    memchr(blanks, text.p[len], sizeof(blanks) - 1) == NULL)
			len++;
		if (len == 0) {
			str_skip(&text, 1);
			continue;
		}
		if (*count == max)
			return err_set(err, ERR_LIMIT, "more than %zu networks",
			    max);
		if (addr_net_parse(&net[*count], str_make(text.p, len), err) <
		    0)
			return -1;
		++*count;
		str_skip(&text, len);
	}
	return 0;
}

bool
addr_nets_have(const struct addr_net *net, size_t count,
    const struct addr *addr)
{
	for (size_t i = 0; i < count; i++)
		if (addr_net_has(&net[i], addr))
			return true;
	return false;
}
