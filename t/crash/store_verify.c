#include "t/crash/store_verify.h"

#include "base/log.h"
#include "store/verify.h"
#include "stored/check.h"

static void
problem(void *ctx, const char *text)
{
	(void)ctx;
	log_error("%s", text);
}

void
store_verify_engine(struct engine *engine)
{
	struct store_verify_ops ops = { problem, check_body, engine };
	struct err err;
	int ret = store_verify_all(engine->kv, &ops, &err);

	if (ret < 0)
		fatal("verify: %s", err.text);
	if (ret > 0)
		fatal("the index has problems");
}
