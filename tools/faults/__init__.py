"""What `tools/campaign.py` does to the product: damage, kills, and how it is watched."""
