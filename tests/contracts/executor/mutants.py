"""The executor without one of its defences, and the attack that then achieves something."""

from __future__ import annotations

from typing import NamedTuple

# What follows the question for the owner, in every function that only the owner may call.
_OWNERS = {
    "unpauses": "self.paused = False",
    "sets the operator": "self._close()\n    self.operator = operator",
    "sets the guardian": "self.guardian = guardian",
    "proposes an owner": "self.pending_owner = owner",
    "proposes a treasury": "assert treasury != empty(address)",
    "cancels a treasury": "log TreasuryChangeCancelled",
    "changes the treasury": "treasury: address = self.pending_treasury",
    "proposes a base": "self.base_addition_from[token] = block.timestamp",
    "adds a base": "added_from: uint256",
    "removes a base": "self.base_addition_from[token] = 0\n    self._close()",
    "rescues": "amount: uint256 = self._balance(token)",
}


class Mutant(NamedTuple):
    """One defence removed.

    Attributes:
        before, after: the change of the source; `before` stands there exactly once.
        caught_by: the attack that then achieves something, or "pays": trades that pay no more.
    """

    before: str
    after: str
    caught_by: str


RULING: dict[str, Mutant] = {
    # --- who may
    "anybody trades": Mutant(
        "self.home[msg.sender][base]",
        "self.home[self.operator][base]",
        "stranger_trades",
    ),
    "anybody pauses": Mutant(
        "assert msg.sender == self.guardian or msg.sender == self.owner,",
        "assert True,",
        "others_do_what_only_the_owner_may",
    ),
    "anybody is the owner": Mutant(
        'assert msg.sender == self.owner, "not the owner"',
        "pass",
        "others_do_what_only_the_owner_may",
    ),
    "the guardian is an owner": Mutant(
        'assert msg.sender == self.owner, "not the owner"',
        'assert msg.sender == self.owner or msg.sender == self.guardian, "not the owner"',
        "guardian_does_more_than_pause",
    ),
    "anybody accepts ownership": Mutant(
        'assert msg.sender == self.pending_owner, "not the next owner"',
        "pass",
        "ownership_moves_in_one_step",
    ),
    "ownership moves at once": Mutant(
        "    self.pending_owner = owner\n",
        "    self.pending_owner = owner\n    self.owner = owner\n",
        "ownership_moves_in_one_step",
    ),
    "ownership is accepted twice": Mutant(
        "    self.pending_owner = empty(address)\n",
        "",
        "ownership_moves_in_one_step",
    ),
    # --- pause and delays
    "a pause stops nothing": Mutant(
        "    self.paused = True\n    self._close()\n",
        "    self.paused = True\n",
        "operator_trades_while_paused",
    ),
    "a new operator ends a pause": Mutant(
        "    if not self.paused:\n        for base",
        "    if True:\n        for base",
        "operator_trades_while_paused",
    ),
    "the old operator stays": Mutant(
        "    self._close()\n    self.operator = operator\n",
        "    self.operator = operator\n",
        "old_operator_trades",
    ),
    "the treasury changes at once": Mutant(
        '    assert block.timestamp >= self.treasury_change_from, "too early"\n',
        "",
        "treasury_is_changed_early",
    ),
    "a second treasury need not wait": Mutant(
        "    self.treasury_change_from = block.timestamp + DELAY\n",
        "    if self.treasury_change_from == 0:\n"
        "        self.treasury_change_from = block.timestamp + DELAY\n",
        "treasury_is_changed_early",
    ),
    "a cancelled treasury comes": Mutant(
        "    log TreasuryChangeCancelled(treasury=self.pending_treasury)\n"
        "    self.pending_treasury = empty(address)\n",
        "    log TreasuryChangeCancelled(treasury=self.pending_treasury)\n",
        "treasury_is_changed_early",
    ),
    "a base is added at once": Mutant(
        '    assert block.timestamp >= added_from, "too early"\n', "", "base_is_added_early"
    ),
    "a base is added unproposed": Mutant(
        '    assert added_from != 0, "nothing proposed"\n', "", "base_is_added_early"
    ),
    "a removed base is added": Mutant(
        "    self.base_addition_from[token] = 0\n    self._close()\n",
        "    self._close()\n",
        "base_is_added_early",
    ),
    "a removed base comes back": Mutant("    self.bases = kept\n", "", "removed_base_is_traded"),
    "a removed base stays open": Mutant(
        "    self._close()\n    kept", "    kept", "removed_base_is_traded"
    ),
    "what is rescued goes to the owner": Mutant(
        "        self._transfer(token, self.treasury, amount)\n",
        "        self._transfer(token, self.owner, amount)\n",
        "rescue_pays_somebody_else",
    ),
    **{
        f"anybody {what}": Mutant(
            f"    self._only_owner()\n    {line}",
            f"    {line}",
            "others_do_what_only_the_owner_may",
        )
        for what, line in _OWNERS.items()
    },
}
"""Defences of roles, pause and delays."""

TRADING: dict[str, Mutant] = {
    # --- the trade as a whole
    "no deadline": Mutant(
        '    assert block.number <= trade.deadline, "too late"\n', "", "late_trade"
    ),
    "any base": Mutant(
        '        raise "not a base"\n',
        "        home = self.treasury\n",
        "fake_base_through_a_skewed_pool",
    ),
    "what was there is profit": Mutant(
        "    before: uint256 = staticcall IERC20(base).balanceOf(self)\n",
        "    before: uint256 = 0\n",
        "losing_trade_paid_by_a_donation",
    ),
    "no least profit": Mutant(
        '    assert profit >= trade.min_profit, "too little profit"\n', "", "too_little_profit"
    ),
    "the builder gets all": Mutant(
        "        assert payment * BPS <= (profit + payment) * MAX_BUILDER_SHARE_BPS,"
        ' "builder share"\n',
        "",
        "builder_gets_nearly_all",
    ),
    "the builder is paid from a donation": Mutant(
        '        assert base == WETH, "builder is paid in ether"\n',
        "",
        "builder_is_paid_from_a_donation",
    ),
    "no lock": Mutant(
        "@external\ndef execute(", "@external\n@reentrant\ndef execute(", "pool_enters_again"
    ),
    # --- the route
    "no least output": Mutant(
        '        assert received >= step.min_amount_out, "too little out"\n',
        "",
        "too_little_out_of_a_step",
    ),
    "no least output of a flash swap": Mutant(
        '        assert received >= steps[0].min_amount_out, "too little out"\n',
        "",
        "too_little_out_of_a_step",
    ),
    "what is said to be paid is believed": Mutant(
        '            assert now > held, "too little out"\n            received = now - held\n',
        "            received = max(received, now - held)\n",
        "pool_says_it_paid",
    ),
    "a step spends anything": Mutant(
        '        assert spent <= available, "more than there is"\n        available -= spent\n',
        "        available -= min(spent, available)\n",
        "step_spends_what_the_route_does_not_hold",
    ),
    "steps need not join": Mutant(
        '            assert step.token_in == token_out, "broken route"\n',
        "",
        "step_spends_another_token",
    ),
    "flash swaps begin anywhere": Mutant(
        '            assert step.token_in == base, "broken route"\n',
        "",
        "step_spends_another_token",
    ),
    "routes end anywhere": Mutant(
        '    assert token_out == base, "broken route"\n', "", "route_ends_elsewhere"
    ),
    "dust stays at the end": Mutant(
        '    assert available == 0, "leftover"\n    assert token_out == base',
        "    assert token_out == base",
        "dust_stays_in_the_last_hop",
    ),
    "dust stays in between": Mutant(
        '            assert available == 0, "leftover"\n', "", "dust_stays_in_a_hop_between"
    ),
    "any kind is a step": Mutant(
        '        assert step.kind == UNWRAP_STAKED_ETHER, "unknown step"\n', "", "unknown_kinds"
    ),
    "any money is a flash swap": Mutant(
        '            assert trade.money == FLASH_SWAP, "unknown money"\n', "", "unknown_kinds"
    ),
    "any pool pays first": Mutant(
        '                assert step.kind == UNISWAP_V3, "no flash swap"\n', "", "unknown_kinds"
    ),
    "anything is ether to wrap": Mutant(
        '        assert step.token_in == NATIVE and step.token_out == WETH, "not ether"\n',
        "",
        "wrapping_something_else",
    ),
    "anything is ether to unwrap": Mutant(
        '        assert step.token_in == WETH and step.token_out == NATIVE, "not ether"\n',
        "",
        "wrapping_something_else",
    ),
    "anything is staked ether": Mutant(
        '        assert step.token_in == WSTETH, "not staked ether"\n',
        "",
        "wrapping_something_else",
    ),
}
"""Defences of a trade and its route."""

CALLING: dict[str, Mutant] = {
    # --- callbacks
    "anybody calls back": Mutant(
        '    assert self.awaited == call | convert(msg.sender, uint256), "not awaited"\n'
        "    assert self.promised",
        "    assert self.promised",
        "stranger_calls_back",
    ),
    "any pool is paid": Mutant(
        "        assert self.awaited == PAYMENT_TO_POOL | convert(msg.sender, uint256),"
        ' "not awaited"\n',
        "",
        "stranger_calls_back",
    ),
    "anybody sends ether": Mutant(
        '    assert self.awaited == ETHER_FROM | convert(msg.sender, uint256), "not awaited"\n',
        "    pass\n",
        "stranger_sends_ether",
    ),
    "anybody sends ether in between": Mutant(
        '    assert self.awaited == ETHER_FROM | convert(msg.sender, uint256), "not awaited"\n',
        '    assert self.awaited & ETHER_FROM == ETHER_FROM, "not awaited"\n',
        "another_sends_ether_in_between",
    ),
    "ether is awaited for ever": Mutant(
        "    self.awaited = 0\n    if step.token_in != NATIVE:\n",
        "    if step.token_in != NATIVE:\n",
        "pool_sends_ether_again",
    ),
    "a callback brings any data": Mutant(
        '    assert self.promised == keccak256(data), "other data"\n',
        "",
        "pair_brings_other_data",
    ),
    "a pair speaks for anybody": Mutant(
        '    assert sender == self, "not our loan"\n', "", "pair_calls_back_for_somebody_else"
    ),
    "Aave speaks for anybody": Mutant(
        '    assert initiator == self, "not our loan"\n',
        "",
        "lender_calls_back_for_somebody_else",
    ),
    "a pool gets what it asks for": Mutant(
        '    assert owed == self.owed_amount, "partial fill"\n',
        "",
        "pool_asks_for_more_than_it_was_offered",
    ),
    "a pool need not ask": Mutant(
        '        assert self.awaited == 0, "not called back"\n        return',
        "        return",
        "pool_does_not_ask",
    ),
    "a pair need not ask": Mutant(
        '            assert self.awaited == 0, "not called back"\n        left',
        "        left",
        "pair_pays_first_and_does_not_ask",
    ),
    "a pool may ask again": Mutant("        self.awaited = 0\n    owed", "    owed", "pays"),
    "a pair may ask again": Mutant(
        'keccak256(data), "other data"\n    self.awaited = 0\n',
        'keccak256(data), "other data"\n',
        "pays",
    ),
    # --- tokens
    "transfers may be refused": Mutant(
        "    assert extcall IERC20(token).transfer(to, amount, default_return_value=True),"
        ' "transfer refused"\n',
        "    done: bool = extcall IERC20(token).transfer(to, amount, default_return_value=True)\n",
        "token_refuses_with_false",
    ),
    "tokens must return something": Mutant(
        "transfer(to, amount, default_return_value=True)", "transfer(to, amount)", "pays"
    ),
    "approvals may be refused": Mutant(
        "    assert extcall IERC20(token).approve(\n"
        "        spender, amount, default_return_value=True\n"
        '    ), "approval refused"\n',
        "    done: bool ="
        " extcall IERC20(token).approve(spender, amount, default_return_value=True)\n",
        "token_refuses_approvals_with_false",
    ),
    "own money may be refused": Mutant(
        "    assert extcall IERC20(token).transferFrom(\n"
        "        owner, to, amount, default_return_value=True\n"
        '    ), "transfer refused"\n',
        "    done: bool = extcall IERC20(token).transferFrom("
        "owner, to, amount, default_return_value=True)\n",
        "own_money_is_refused_with_false",
    ),
    "allowances stay": Mutant(
        '    assert staticcall IERC20(token).allowance(self, spender) == 0, "allowance left"\n',
        "    pass\n",
        "pool_takes_less_than_it_may",
    ),
    "Aave's allowance stays": Mutant(
        "            self._used_up(base, AAVE)\n", "", "lender_takes_less_than_it_may"
    ),
    "allowances are not exact": Mutant(
        "        spender, amount, default_return_value=True\n",
        "        spender, amount + 1, default_return_value=True\n",
        "pool_takes_more_than_it_may",
    ),
    "the treasury pays every pool": Mutant(
        "        self.payer = empty(address)\n", "", "treasury_pays_a_second_pool"
    ),
    # --- paying pairs at once
    "a divided hop pays the wrong pair": Mutant(
        "    if following.token_in != step.token_out:\n        return self\n", "", "pays"
    ),
}
"""Defences of callbacks, tokens and payments."""
