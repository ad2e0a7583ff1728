"""Carrying plans out on a chain: fees, submission, receipts, their verification, readiness.

Import from its modules: they load what signs and what keeps books, which only those wait for who
carry plans out.
"""
