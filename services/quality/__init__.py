"""Quality: what lies behind a quality complaint, who bears it, what is put right, and what the customer gets for it.

Owns investigations with their tasks, findings, 8D sections and corrective actions, quality claims, certificates,
samples, and confidential inspection standards with the log of their readings.
Announces what happens to them, above all LotHoldOrdered, DepartmentTaskAssigned, CauseEstablished,
LiabilityEstablished and LiabilityRevised, EffectCheckDue, InvestigationClosed and InvestigationReopened, ClaimSettled.
Hears complaints (a quality complaint is investigated, once, and again if it is reopened) and orders (the lots its goods
come from, where goods of a lot are now, and the orders, lots and shipments that certificates are of).
"""
