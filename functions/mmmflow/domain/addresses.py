"""Which addresses outside a person may have messages posted to.

A target is named by a person and called by us: it must not reach what only
we can reach. So https only, no address literal that is not public, and no
user in the URL; what a name resolves to is checked when it is called.
"""

import ipaddress
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_INSIDE = (".internal", ".local", ".localhost")
# IPv6 that stands for IPv4 by translation: could be any address inside.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


def refusal(url: str, *, private: bool) -> str:
    """Why the URL is refused; "" if it is not.

    `private` allows http and this machine's own network: on one machine,
    when its owner says so.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"no URL: {error}"
    schemes = ("https", "http") if private else ("https",)
    if parts.scheme not in schemes or not host:
        return f"it must be an {schemes[0]} URL with a host"
    if parts.username is not None or parts.password is not None:
        return "no user or password in the URL: keep them as a secret"
    return "" if private or _may_be_public(host) else f"{host} is not public"


def is_public(address: Address) -> bool:
    """Anybody may reach it: not private, local, reserved or multicast."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address in _TRANSLATED:
            return False
    return address.is_global and not address.is_multicast


def _may_be_public(host: str) -> bool:
    """As far as the name tells; what it resolves to may be another thing."""
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        return host != "localhost" and not host.endswith(_INSIDE)
