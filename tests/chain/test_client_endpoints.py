"""Addresses of nodes are secrets: nothing that can be shown holds one, or a part of one."""

from __future__ import annotations

import base64
from urllib.parse import quote, quote_plus

import pytest

from aineon.chain.client import Endpoint, endpoints_from
from aineon.chain.client.redaction import MASK, Redaction
from aineon.errors import InvalidValue

KEY = "s3cr3t/K3y+With=Signs"
URL = (
    f"https://operator:pa%24%24word@my-own-name.quiknode.test:8443/v2/{quote(KEY, safe='')}/"
    "?apikey=Tr0ub4dor&plain=q7#frag-7f"
)


def test_the_known_providers_and_ones_own() -> None:
    found = endpoints_from("alch3my", "1nfura", ["http://127.0.0.1:8545", "wss://x.test/k"])
    assert [(each.name, each.url) for each in found] == [
        ("node-1", "http://127.0.0.1:8545"),
        ("node-2", "wss://x.test/k"),
        ("alchemy", "https://eth-mainnet.g.alchemy.com/v2/alch3my"),
        ("infura", "https://mainnet.infura.io/v3/1nfura"),
    ]
    assert [each.is_socket for each in found] == [False, True, False, False]
    assert endpoints_from() == ()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h0st.test/s3cr3t",
        "s3cr3t",
        "",
        "http://",
        "http://h0st.test:port/s3cr3t",
        "http://h0st.test:99999/s3cr3t",
        "http://h0st.test/ s3cr3t",
        "http://h0st.test/s3cr3t\n",
        "file:///s3cr3t",
        "http://[s3cr3t",
    ],
)
def test_other_addresses_are_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InvalidValue, match=r"node 'node-1' is no URL .* https://, http://") as no:
        endpoints_from(rpc_urls=[url])
    assert "s3cr3t" not in f"{no.value!r} {no.value.__cause__!r} {no.value.__context__!r}"


@pytest.mark.parametrize("key", ["a b", "a/b", "a?b", "a#b", "a\nb"])
def test_a_key_is_one_word(key: str) -> None:
    with pytest.raises(InvalidValue, match="the key of infura") as refused:
        endpoints_from(infura_key=key)
    assert key not in str(refused.value)


def test_an_endpoint_does_not_show_its_address() -> None:
    assert repr(Endpoint("node-1", URL)) == "Endpoint(name='node-1')"


@pytest.mark.parametrize(
    "secret",
    [
        URL,
        URL.upper(),
        quote(URL, safe=""),
        KEY,
        quote(KEY, safe=""),
        quote_plus(KEY),
        quote(quote(KEY, safe=""), safe=""),
        "pa$$word",
        "pa%24%24word",
        "operator",
        "operator:pa$$word",
        base64.b64encode(b"operator:pa$$word").decode(),
        "my-own-name.quiknode.test",
        "my-own-name.quiknode.test:8443",
        "Tr0ub4dor",
        "TR0UB4DOR",
        "apikey=Tr0ub4dor",
        "frag-7f",
    ],
)
def test_every_form_of_a_secret_is_masked(secret: str) -> None:
    redaction = Redaction([URL])
    masked = redaction.text(f"the node said <{secret}> and no more")
    assert secret.lower() not in masked.lower()
    assert masked.startswith("the node said <")
    assert masked.endswith("> and no more")
    deep = redaction.value({secret: [1, None, {"x": f"a {secret}"}]})
    assert secret.lower() not in str(deep).lower()


def test_control_what_is_no_secret_stays() -> None:
    text = "execution reverted on mainnet: v2 rpc eth 127.0.0.1"
    assert Redaction([URL, "http://127.0.0.1:8545/eth/mainnet/rpc"]).text(text) == text
    assert Redaction([]).text(URL) == URL
    assert MASK in Redaction([URL]).text(URL)
