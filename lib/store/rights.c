#include "store/rights.h"

uint32_t
store_rights(const struct store_mbox *mbox, uint32_t user)
{
	return mbox->owner == user ? STORE_RIGHTS_ALL : 0;
}
