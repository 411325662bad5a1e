"""Which descriptions changed, and how far each has come on its way to Sigma.

`events` reads the changes from the versions of a node, `advance` judges how far each has come,
`carry` joins both with what is stored, `ready` picks what may be sent. Pure: no I/O, no clock.
"""
