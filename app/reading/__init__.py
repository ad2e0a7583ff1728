"""What pages read, by where it comes from; `app.state.Client` is all of it together."""
