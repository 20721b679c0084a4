"""The egress guard: no spelling of an address that is not globally routable gets through."""

import socket
import threading
from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.egress.policy import AddressBlocked, EgressPolicy
from messaging.egress.resolver import CheckedResolver

PRODUCTION = EgressPolicy()
LOOPBACK = EgressPolicy(allow_networks=(IPv4Network("127.0.0.0/8"),), allow_http=True)

# One address at each end of each block that is not globally routable.
BLOCKED_V4 = [
    *("0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255"),
    *("127.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254"),
    *("172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255"),
    *("192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.0"),
    "255.255.255.255",
]
PUBLIC_V4 = [
    *("1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *("128.0.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "198.17.0.0"),
    *("198.20.0.0", "203.0.112.255", "203.0.114.0", "223.255.255.255"),
]
BLOCKED_V6 = [
    *("::", "::1", "::2", "::7f00:1", "100::1", "100:0:0:1::1", "64:ff9b:1::1", "5f00::1"),
    *("fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1", "feff::1", "ff00::1", "ff02::1"),
    *("2001::1", "2001:0:5ef5:79fb:0:0:0:1", "2001:2::1", "2001:10::1", "2001:20::1"),
    *("2001:1ff:ffff::1", "2001:db8::1", "3fff::1", "3fff:fff::1", "4000::1", "1fff::1"),
    *("fe80::1%eth0", "2606:4700::1111%eth0"),
]
PUBLIC_V6 = ["2001:200::1", "2606:4700::1111", "2a00:1450::1", "3ffe::1", "3fff:1000::1"]


def is_blocked(address: str, policy: EgressPolicy = PRODUCTION) -> bool:
    try:
        policy.check_address(address)
    except AddressBlocked:
        return True
    return False


def embedded(v4: str) -> dict[str, str]:
    """The IPv6 addresses that lead to an IPv4 address."""
    high, low = divmod(int(ip_address(v4)), 65_536)
    return {
        "mapped": f"::ffff:{v4}",
        "NAT64": f"64:ff9b::{v4}",
        "6to4": f"2002:{high:x}:{low:x}::1",
    }


@pytest.mark.parametrize("address", [*BLOCKED_V4, *BLOCKED_V6])
def test_what_is_not_globally_routable_is_blocked(address: str) -> None:
    """Every block of the IANA registries, at both ends."""
    assert is_blocked(address)


@pytest.mark.parametrize("address", [*PUBLIC_V4, *PUBLIC_V6])
def test_what_is_globally_routable_passes(address: str) -> None:
    """The neighbours of the blocks, and some others."""
    assert not is_blocked(address)


@pytest.mark.parametrize("address", BLOCKED_V4)
def test_an_embedded_blocked_address_is_blocked(address: str) -> None:
    """In each of the forms that lead to it, and in the deprecated compatible one."""
    for form, spelled in embedded(address).items():
        assert is_blocked(spelled), form
    assert is_blocked(f"::{address}")


@pytest.mark.parametrize("address", PUBLIC_V4)
def test_an_embedded_public_address_passes(address: str) -> None:
    """A network with IPv6 alone reaches IPv4 partners by NAT64."""
    for form, spelled in embedded(address).items():
        assert not is_blocked(spelled), form


@given(st.ip_addresses(v=4))
def test_a_form_of_an_address_fares_like_the_address(address: object) -> None:
    """Mapped, NAT64 and 6to4 open nothing and close nothing."""
    for spelled in embedded(str(address)).values():
        assert is_blocked(spelled) == is_blocked(str(address))


@given(st.ip_addresses(v=6))
def test_only_global_unicast_passes(address: object) -> None:
    """Outside of 2000::/3 only the mapped and NAT64 forms can pass."""
    mapped = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
    if not is_blocked(str(address)):
        networks = (IPv6Network("2000::/3"), *mapped)
        assert any(address in network for network in networks)


def test_settings_open_networks() -> None:
    """DISPATCH_EGRESS_ALLOW opens what it names, in its mapped form too, and nothing else."""
    assert not is_blocked("127.0.0.1", LOOPBACK)
    assert not is_blocked("::ffff:127.0.0.1", LOOPBACK)
    assert is_blocked("::1", LOOPBACK)
    assert is_blocked("10.0.0.1", LOOPBACK)
    assert is_blocked("not an address", LOOPBACK)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://example.com/fhir",
        "https://example.com.:443/",
        "https://example.com:1024/",
        "https://example.com:65535/",
        "https://1.1.1.1/",
        "https://[2606:4700::1111]/",
        "https://xn--bcher-kva.example/",
    ],
)
def test_endpoints_that_may_be_asked(endpoint: str) -> None:
    """https, port 443 or from 1024 up; a name is judged by its addresses, when it is resolved."""
    PRODUCTION.url_of(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://example.com/",
        "http://example.com:443/",
        "https://example.com:80/",
        "https://example.com:22/",
        "https://example.com:442/",
        "https://example.com:1023/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "ftp://example.com/",
        "https:///path",
        "https://[::1]/",
        "https://127.0.0.1/",
        "https://127.0.0.1./",
        "https://127.1/",
        "https://127.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://0/",
        "https://１２７.0.0.1/",
        "https://①②⑦.0.0.1/",
        "https://127。0。0。1/",
        "https://8.8.2056/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[0:0:0:0:0:ffff:7f00:0001]/",
        "https://[64:ff9b::127.0.0.1]/",
        "https://[2002:7f00:1::]/",
        "https://[::127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[::1%25lo]/",
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1../",
        "https://127.1./",
        "https://0x7f000001./",
        "https://%31%32%37.0.0.1/",
        "https://127%2E0.0.1/",
        "https://10.0.0.1.:8443/fhir",
        "https://./",
        "https://bücher.example/",
        "https://example.com@127.0.0.1/",
        "https://ann@example.com/",
        "https://example.com/ HTTP/1.1",
        "https://example.com/\r\nHost: elsewhere.example",
        "https://example.com/é",
        "https://example.com/#a",
        "",
        "nonsense",
    ],
)
def test_endpoints_that_may_not_be_asked(endpoint: str) -> None:
    """Other schemes and ports, and every spelling of an address that is not routable."""
    with pytest.raises(AddressBlocked) as caught:
        PRODUCTION.url_of(endpoint)
    assert "example" not in caught.value.reason
    assert "127" not in caught.value.reason


@pytest.mark.parametrize(
    ("endpoint", "target"),
    [
        # RFC 3986, section 2.2: an escaped reserved character is another than the bare one.
        ("https://h.example/hook?sig=abc%2Fdef%3D%3D", "/hook?sig=abc%2Fdef%3D%3D"),
        (
            "https://h.example/hook?sp=%2Ftriggers%2Fmanual&sv=1.0",
            "/hook?sp=%2Ftriggers%2Fmanual&sv=1.0",
        ),
        ("https://h.example/path%28t%29?k=%27q%27", "/path%28t%29?k=%27q%27"),
        # RFC 3986, section 6.2.3: an empty query is not no query.
        ("https://h.example/hook?", "/hook?"),
        ("https://h.example/hook??a=/?", "/hook??a=/?"),
        # RFC 3986, section 6.2.2, calls these equal; a signature does not.
        ("https://h.example/h?x=%7E%c3%a9", "/h?x=%7E%c3%a9"),
        ("https://h.example/a/%2E%2E/./../b//", "/a/%2E%2E/./../b//"),
        ("https://h.example/a;v=1/b:c@d?e=f+g%20h&&=", "/a;v=1/b:c@d?e=f+g%20h&&="),
        # RFC 9112, section 3.2.1: an empty path is asked for as "/".
        ("https://h.example", "/"),
        ("https://h.example?tenant=1", "/?tenant=1"),
    ],
)
def test_what_is_asked_for_is_to_the_letter_what_was_given(endpoint: str, target: str) -> None:
    """An endpoint may be signed: one character otherwise, and it is refused."""
    assert PRODUCTION.url_of(endpoint).raw_path_qs == target


@given(st.text(alphabet="abAZ019-._~:/?[]@!$&'()*+,;=%", max_size=60))
def test_no_target_is_rewritten(rest: str) -> None:
    """Whatever follows the host."""
    asked = PRODUCTION.url_of(f"https://h.example/{rest}")
    assert asked.raw_path_qs == f"/{rest}"
    assert (asked.scheme, asked.raw_host, asked.port) == ("https", "h.example", 443)


def test_http_and_port_80_only_where_the_settings_allow_http() -> None:
    """Development needs them; privileged ports stay closed."""
    LOOPBACK.url_of("http://127.0.0.1/")
    LOOPBACK.url_of("http://127.0.0.1:8080/")
    for endpoint in ("http://127.0.0.1:25/", "http://10.0.0.1/", "http://127.1/"):
        with pytest.raises(AddressBlocked):
            LOOPBACK.url_of(endpoint)


async def resolve(policy: EgressPolicy, *addresses: str) -> list[str]:
    """What aiohttp would be given for a name with these addresses."""

    async def lookup(host: str, port: int) -> list[str]:
        return list(addresses)

    resolver = CheckedResolver(policy, lookup)
    try:
        return [found["host"] for found in await resolver.resolve("portal.test", 443)]
    finally:
        await resolver.close()


async def test_a_name_is_blocked_by_one_bad_address() -> None:
    """A good address beside it does not help, in whatever order."""
    assert await resolve(PRODUCTION, "1.1.1.1", "2606:4700::1111") == ["1.1.1.1", "2606:4700::1111"]
    for bad in ("127.0.0.1", "::1", "fe80::1%2", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1"):
        with pytest.raises(AddressBlocked):
            await resolve(PRODUCTION, "1.1.1.1", bad)
        with pytest.raises(AddressBlocked):
            await resolve(PRODUCTION, bad, "1.1.1.1")


async def test_a_name_without_an_address_is_not_resolved() -> None:
    """It is the name server's failure, not a blocked address."""
    with pytest.raises(socket.gaierror):
        await resolve(PRODUCTION)


@pytest.mark.parametrize("host", ["localhost", "localhost.", "127.1", "0x7f000001"])
async def test_the_systems_own_names_of_loopback_are_blocked(host: str) -> None:
    """The system's resolver, as in production."""
    resolver = CheckedResolver(PRODUCTION)
    try:
        with pytest.raises((AddressBlocked, socket.gaierror)):
            await resolver.resolve(host, 443)
    finally:
        await resolver.close()


@pytest.mark.parametrize("host", ["127.0.0.1.", "localhost."])
async def test_a_trailing_dot_neither_opens_nor_closes_anything(host: str) -> None:
    """It is the same place as without, to the policy and to whoever connects."""
    for policy in (PRODUCTION, LOOPBACK):
        resolver = CheckedResolver(policy)
        try:
            if policy is PRODUCTION:
                with pytest.raises(AddressBlocked):
                    await resolver.resolve(host, 443)
            else:
                assert [found["host"] for found in await resolver.resolve(host, 443)] == [
                    "127.0.0.1"
                ]
        finally:
            await resolver.close()


async def test_a_name_server_is_asked_for_a_name_as_it_was_given_first() -> None:
    """With its dot it is whole, and no search domain is put behind it."""
    asked: list[str] = []

    async def lookup(host: str, port: int) -> list[str]:
        asked.append(host)
        if host.endswith("."):
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return ["1.1.1.1"]

    resolver = CheckedResolver(PRODUCTION, lookup)
    try:
        assert [found["host"] for found in await resolver.resolve("h.example.", 443)] == ["1.1.1.1"]
    finally:
        await resolver.close()
    assert asked == ["h.example.", "h.example"]


async def test_lookups_use_threads_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name servers that hang keep their own threads, and the loop's stay free for letters."""
    used: list[str] = []

    def getaddrinfo(*asked: object, **wanted: object) -> list[object]:
        used.append(threading.current_thread().name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    resolver = CheckedResolver(LOOPBACK)
    try:
        await resolver.resolve("portal.test", 443)
    finally:
        await resolver.close()
    assert [name.rpartition("_")[0] for name in used] == ["egress-lookup"]
