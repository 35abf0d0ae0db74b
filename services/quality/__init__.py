"""Quality: what lies behind a quality complaint, who bears it, what is put right, and what the customer gets for it.

Owns investigations with their tasks, findings and corrective actions, quality claims, and quality certificates.
Announces what happens to them, above all LotHoldOrdered, DepartmentTaskAssigned, LiabilityEstablished,
InvestigationClosed and ClaimSettled.
Hears complaints (a quality complaint is investigated, once) and orders (the lots its goods come from).
"""
