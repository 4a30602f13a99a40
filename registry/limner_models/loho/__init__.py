"""Hair of one portrait, colored like another's, on a third: searched for in a generator's styles.

Source: Saha et al., LOHO: Latent Optimization of Hairstyles via Orthogonalization, CVPR 2021, and
    JP7696438B2. Theirs has no license; this follows what they publish.
"""
