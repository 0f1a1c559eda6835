"""The peers by their names: see peer/ for each and how it is configured."""

from peer.common import NOBODY, NoStart, wait_for_port  # noqa: F401
from peer.cyrus import Cyrus
from peer.dovecot import Dovecot
from peer.postfix import Postfix
