"""Regulations: the rules of the house as data, from a draft to the clause that any decision rests on.

Owns regulations in editions, the rulebook of all numbers that the rules use, acknowledgements, the catalogue of rules.
Announces what becomes of an edition, and PolicyTookEffect: every number in force, with its clause and its version.
Hears staff (who has to acknowledge), itself (an edition falls due), and what every service decides: to say on what it
rests.
"""
