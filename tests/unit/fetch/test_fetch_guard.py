"""Which addresses, ports and URLs may be asked."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.fetch.guard import MESSAGE, REFUSED, PortRange, ports_of, verdict
from feedhub.fetch.refusal import Refused
from feedhub.fetch.urls import target_of
from feedhub.model import Failure

PORTS = ports_of(("80", "443", "8000-8999"))

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.0.3.0",
    "192.88.98.255",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2600::",
    "2a00:1450::1",
    "2001:200::1",
    "2620:fe::fe",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]

FORBIDDEN = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.0",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:1ff::",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::10.0.0.1",
    "64:ff9b:1:7f00:0:100::",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:102:304::80ff:fffe",
    "localhost",
    "example.org",
    "127.1",
    "0x7f.0.0.1",
    "1.1.1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_asked(address: str) -> None:
    assert verdict(address, 443, (), PORTS) is None


@pytest.mark.parametrize("address", [*FORBIDDEN, ""])
def test_all_others_are_refused_with_one_message(address: str) -> None:
    assert verdict(address, 443, (), PORTS) == MESSAGE


@given(st.sampled_from([network for network in REFUSED if network.version == 4]), st.integers(0, 2**32 - 1))
def test_no_wrapping_gets_an_address_past_the_guard(network: object, offset: int) -> None:
    net = ip_network(str(network))
    inner = IPv4Address(int(net.network_address) + offset % net.num_addresses)
    number = int(inner)
    high, low = number >> 16, number & 0xFFFF
    wrapped = [
        str(inner),
        f"::ffff:{inner}",
        f"::ffff:0:{inner}",
        f"64:ff9b::{inner}",
        f"64:ff9b:1::{inner}",
        f"2002:{high:x}:{low:x}::1",
        f"::{inner}",
    ]
    assert [verdict(address, 80, (), PORTS) for address in wrapped] == [MESSAGE] * len(wrapped)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("192.168.1.7", True),
        ("::ffff:192.168.1.7", True),
        ("192.168.2.7", False),
        ("fd00::1", True),
        ("fd01::1", False),
        ("127.0.0.1", False),
    ],
)
def test_the_allow_list_opens_its_networks_and_no_other(address: str, allowed: bool) -> None:
    networks = (ip_network("192.168.1.0/24"), ip_network("fd00::/16"))
    assert (verdict(address, 80, networks, PORTS) is None) is allowed


@pytest.mark.parametrize(
    ("port", "allowed"), [(80, True), (443, True), (8000, True), (8999, True), (22, False), (9000, False), (0, False)]
)
def test_ports(port: int, allowed: bool) -> None:
    assert (verdict("8.8.8.8", port, (), PORTS) is None) is allowed
    assert (verdict(None, port, (), PORTS) is None) is allowed


def test_without_ports_nothing_is_asked() -> None:
    assert verdict("8.8.8.8", 80) == MESSAGE


def test_port_texts() -> None:
    assert ports_of(("80", "8000-8999")) == (PortRange(first=80, last=80), PortRange(first=8000, last=8999))
    with pytest.raises(ValueError, match="invalid literal"):
        ports_of(("http",))


# ---------------------------------------------------------------- URLs


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "sent"),
    [
        ("http://Example.COM", "example.com", 80, "/", "http://example.com/"),
        ("HTTPS://example.com:443/a?b#c", "example.com", 443, "/a?b", "https://example.com/a?b"),
        ("http://example.com:8080?q", "example.com", 8080, "/?q", "http://example.com:8080/?q"),
        ("http://example.com:/x", "example.com", 80, "/x", "http://example.com/x"),
        ("http://a_b.example.com./x", "a_b.example.com.", 80, "/x", "http://a_b.example.com./x"),
        ("http://[2600:0::1]:8000/", "2600::1", 8000, "/", "http://[2600::1]:8000/"),
        ("http://bücher.example/ü", "xn--bcher-kva.example", 80, "/%C3%BC", "http://xn--bcher-kva.example/%C3%BC"),
        ("http://1.2.3.4/", "1.2.3.4", 80, "/", "http://1.2.3.4/"),
        ("http://4.example/", "4.example", 80, "/", "http://4.example/"),
    ],
)
def test_a_url_is_taken_apart(url: str, host: str, port: int, path: str, sent: str) -> None:
    target = target_of(url)
    assert (target.host, target.port, target.path, target.url) == (host, port, path, sent)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "file:///x",
        "http:",
        "http://",
        "http:///x",
        "//a.example/",
        "a.example",
        "http://a.example:x/",
        "http://a.example:99999999/",
        "http://a..b/",
        "http://.a/",
        "http://a%2eb/",
        "http://[::1%25lo]/",
        "http://[1.2.3.4]/",
        "http://[zz]/",
        "http://1.2.3/",
        "http://017.0.0.1/",
        "http://0x1/",
        "http://1.2.3.4.5/",
        "http://1.2.3.256/",
        "http://1.2.3.4./",
        "http://a\\@b/",
        "http://x:y:z/",
        "http://a.0x10/",
        "http://a.example/\n",
        "http://a.example/\x00",
        "http://a b/",
        " http://a.example/",
        "http://a.example/" + "x" * 2048,
    ],
)
def test_what_is_no_plain_url_is_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        target_of(url)
    assert (caught.value.failure, caught.value.detail) == (Failure.FORBIDDEN_ADDRESS, MESSAGE)


def test_credentials_are_taken_out_and_never_shown() -> None:
    target = target_of("http://me%40home:p%3Aw@a.example/")
    assert target.credentials == ("me@home", "p:w")
    assert target.url == "http://a.example/"
    assert "p:w" not in repr(target)


@given(st.text(max_size=60))
def test_any_text_is_a_target_or_refused(text: str) -> None:
    for url in (text, "http://" + text, "http://a.example/" + text):
        try:
            target = target_of(url)
        except Refused:
            continue
        assert target.url.isascii()
        assert target_of(target.url).url == target.url
