"""How fast it is, each part against a floor that does the same without being Camledger.

`camledger bench` measures in an installation of its own, which it makes and removes.
"""
