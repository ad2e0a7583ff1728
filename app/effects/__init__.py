"""What actions do, one module an area: functions from `Asked` to `Result`, both of `app.asking`.

They are reached through `app.actions.perform` alone, which has checked who asks; each is
registered in `app.actions.EFFECTS`. An effect leaves a command or a request, and carries nothing
out itself; it writes into the audit before it asks. What it raises as `AineonError` is told to
whoever asked.
"""
