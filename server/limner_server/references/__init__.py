"""References: photos with hair worth having, what is known of them, and who they suit."""
