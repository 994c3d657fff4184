"""People: numbers, rosters, real-name verification, one record a person, and whose host account is whose."""
