"""Models of P(lands | bid): how likely a bid of a share of the profit is to be the highest.

Everything here is plain numpy, so an engine that decides with a model never imports what
trained it (`aineon.optimizer.training`). A model is an immutable value that is stored as plain
arrays (`storing`); what learns from each label is small and kept beside it: the live table, the
correction and the choice between them.
"""
