"""How far coders agree, and how sure that is."""
