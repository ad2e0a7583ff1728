"""The topics of the logs that say what happened to a pool.

A log's first topic is the keccak-256 hash of its event's signature. The hashes stand here as
constants, so that decoding needs no hash function; a test computes them from the signatures.
Sources: Uniswap v2-core and v3-core, PancakeSwap v3-core, Balancer v2-vault `IVault.sol` and
v2-pool-*, Curve's curve-contract, curve-crypto-contract and stableswap-ng.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# fmt: off
TOPICS: Mapping[str, str] = MappingProxyType({
    # Uniswap V2 and forks
    "Sync(uint112,uint112)":
        "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1",
    # Uniswap V3 and forks
    "Initialize(uint160,int24)":
        "0x98636036cb66a9c19a37435efc1e90142190214e8abeb821bdba3f2990dd4c95",
    "Swap(address,address,int256,int256,uint160,uint128,int24)":
        "0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67",
    "Mint(address,address,int24,int24,uint128,uint256,uint256)":
        "0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde",
    "Burn(address,int24,int24,uint128,uint256,uint256)":
        "0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c",
    # PancakeSwap V3: the same fields first, then two of its own
    "Swap(address,address,int256,int256,uint160,uint128,int24,uint128,uint128)":
        "0x19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83",
    # Balancer V2, the Vault
    "Swap(bytes32,address,address,uint256,uint256)":
        "0x2170c741c41531aec20e7c107c24eecfdd15e69c9bb0a8dd37b1840b9e0b207b",
    "PoolBalanceChanged(bytes32,address,address[],int256[],uint256[])":
        "0xe5ce249087ce04f05a957192435400fd97868dba0e6a4b4c049abf8af80dae78",
    "PoolBalanceManaged(bytes32,address,address,int256,int256)":
        "0x6edcaf6241105b4c94c2efdbf3a6b12458eb3d07be3a0e81d24b13c44045fe7a",
    # Curve, swaps
    "TokenExchange(address,int128,uint256,int128,uint256)":
        "0x8b3e96f2b889fa771c53c981b40daf005f63f637f1869f707052d15a3dd97140",
    "TokenExchange(address,uint256,uint256,uint256,uint256)":
        "0xb2e76ae99761dc136e598d4a629bb347eccb9532a5f8bbd72e18467c3c34cc98",
    # Curve, AddLiquidity of stable pools by number of coins, and of -ng pools
    "AddLiquidity(address,uint256[2],uint256[2],uint256,uint256)":
        "0x26f55a85081d24974e85c6c00045d0f0453991e95873f52bff0d21af4079a768",
    "AddLiquidity(address,uint256[3],uint256[3],uint256,uint256)":
        "0x423f6495a08fc652425cf4ed0d1f9e37e571d9b9529b1c1c23cce780b2e7df0d",
    "AddLiquidity(address,uint256[4],uint256[4],uint256,uint256)":
        "0x3f1915775e0c9a38a57a7bb7f1f9005f486fb904e1f84aa215364d567319a58d",
    "AddLiquidity(address,uint256[5],uint256[5],uint256,uint256)":
        "0x38b7b1a287854d9e1805f88b66038659ee32e1d1362fccaba44923d3159ed493",
    "AddLiquidity(address,uint256[6],uint256[6],uint256,uint256)":
        "0xb75cb646d689818d2094e33e76c4c61b0c191da6a9d9c33e68e2a599c552a7d8",
    "AddLiquidity(address,uint256[7],uint256[7],uint256,uint256)":
        "0x301dcd67d82fe8ed345a97ca49547a2f06d21f27e7a05f3e5f28eb40b1dcbe15",
    "AddLiquidity(address,uint256[8],uint256[8],uint256,uint256)":
        "0x1c9ab14f21b1a006fe118d6a90c08c8faf6f18e45fd16a78f059c85ce1dd10d5",
    "AddLiquidity(address,uint256[],uint256[],uint256,uint256)":
        "0x189c623b666b1b45b83d7178f39b8c087cb09774317ca2f53c2d3c3726f222a2",
    # Curve, RemoveLiquidityImbalance of stable pools by number of coins, and of -ng pools
    "RemoveLiquidityImbalance(address,uint256[2],uint256[2],uint256,uint256)":
        "0x2b5508378d7e19e0d5fa338419034731416c4f5b219a10379956f764317fd47e",
    "RemoveLiquidityImbalance(address,uint256[3],uint256[3],uint256,uint256)":
        "0x173599dbf9c6ca6f7c3b590df07ae98a45d74ff54065505141e7de6c46a624c2",
    "RemoveLiquidityImbalance(address,uint256[4],uint256[4],uint256,uint256)":
        "0xb964b72f73f5ef5bf0fdc559b2fab9a7b12a39e47817a547f1f0aee47febd602",
    "RemoveLiquidityImbalance(address,uint256[5],uint256[5],uint256,uint256)":
        "0xc604f7b11e407e81b2c8d0d402b62a5244388c3eff3de7694a32bf418a3f360f",
    "RemoveLiquidityImbalance(address,uint256[6],uint256[6],uint256,uint256)":
        "0x12a087e3c3dc9ab2fde2696c1a25b4ab8e56582dd91663298fc91cd4f8341e12",
    "RemoveLiquidityImbalance(address,uint256[7],uint256[7],uint256,uint256)":
        "0x7b3e9a12f6ba95be0994d0081a51c20ddeb29215d8374fcd15cbba37205524c6",
    "RemoveLiquidityImbalance(address,uint256[8],uint256[8],uint256,uint256)":
        "0x06f456afe29fc4ab3ed527b1bf38e4e0caf69e65626282269e0d07554e638b2f",
    "RemoveLiquidityImbalance(address,uint256[],uint256[],uint256,uint256)":
        "0x3631c28b1f9dd213e0319fb167b554d76b6c283a41143eb400a0d1adb1af1755",
    # Curve, RemoveLiquidity of stable pools by number of coins, and of -ng pools
    "RemoveLiquidity(address,uint256[2],uint256[2],uint256)":
        "0x7c363854ccf79623411f8995b362bce5eddff18c927edc6f5dbbb5e05819a82c",
    "RemoveLiquidity(address,uint256[3],uint256[3],uint256)":
        "0xa49d4cf02656aebf8c771f5a8585638a2a15ee6c97cf7205d4208ed7c1df252d",
    "RemoveLiquidity(address,uint256[4],uint256[4],uint256)":
        "0x9878ca375e106f2a43c3b599fc624568131c4c9a4ba66a14563715763be9d59d",
    "RemoveLiquidity(address,uint256[5],uint256[5],uint256)":
        "0x41ad86b931b621f30a3c50b0a81ba5d68071e47f52399c0628d6c44294c3f207",
    "RemoveLiquidity(address,uint256[6],uint256[6],uint256)":
        "0x50785567786321872d9fb6489b0346f324f223751a07092732964302b47bf5ab",
    "RemoveLiquidity(address,uint256[7],uint256[7],uint256)":
        "0x3395d65477b7eb8fa2a2d301f3044675a88fe611b56c5c38f5b1e601bd3081a4",
    "RemoveLiquidity(address,uint256[8],uint256[8],uint256)":
        "0x92906545a66f632fe59e5e9fff0088f6657095a61fe16d51186595e6383eabdb",
    "RemoveLiquidity(address,uint256[],uint256[],uint256)":
        "0x347ad828e58cbe534d8f6b67985d791360756b18f0d95fd9f197a66cc46480ea",
})
"""Logs whose effect on a pool can be known exactly, by the signatures of their events."""

CHANGES_BEYOND_LOGS: Mapping[str, str] = MappingProxyType({
    # Curve: what the logs do not tell completely
    "TokenExchangeUnderlying(address,int128,uint256,int128,uint256)":
        "0xd013ca23e77a65003c2c659c5442c00c805371b7fc1ebd4c206c41d1536bd90b",
    "TokenExchange(address,uint256,uint256,uint256,uint256,uint256,uint256)":
        "0x143f1f8e861fbdeddd5b46e844b7d3ac7b86a122f36e8c463859ee6811b1f29c",
    "RemoveLiquidityOne(address,uint256,uint256)":
        "0x9e96dd3b997a2a257eec4df9bb6eaf626e206df5f543bd963682d143300be310",
    "RemoveLiquidityOne(address,uint256,uint256,uint256)":
        "0x5ad056f2e28a8cec232015406b843668c1e36cda598127ec3b8c59b8c72773a0",
    "RemoveLiquidityOne(address,int128,uint256,uint256,uint256)":
        "0x6f48129db1f37ccb9cc5dd7e119cb32750cabdf75b48375d730d26ce3659bbe1",
    "RemoveLiquidityOne(address,uint256,uint256,uint256,uint256,uint256)":
        "0xe200e24d4a4c7cd367dd9befe394dc8a14e6d58c88ff5e2f512d65a9e0aa9c5c",
    "RampA(uint256,uint256,uint256,uint256)":
        "0xa2b71ec6df949300b59aab36b55e189697b750119dd349fcfa8c0f779e83c254",
    "StopRampA(uint256,uint256)":
        "0x46e22fb3709ad289f62ce63d469248536dbc78d82b84a3d7e74ad606dc201938",
    "RampAgamma(uint256,uint256,uint256,uint256,uint256,uint256)":
        "0xe35f0559b0642164e286b30df2077ec3a05426617a25db7578fd20ba39a6cd05",
    "StopRampA(uint256,uint256,uint256)":
        "0x5f0e7fba3d100c9e19446e1c92fe436f0a9a22fe99669360e4fdd6d3de2fc284",
    "NewFee(uint256,uint256)":
        "0xbe12859b636aed607d5230b2cc2711f68d70e51060e6cca1f575ef5d2fcc95d1",
    "NewFee(uint256,uint256,uint256)":
        "0xcfca96e0fef3432146913b2a5a2268a55d3f475fe057e7ffde1082b77693f4f3",
    "ApplyNewFee(uint256)":
        "0xa8715770654f54603947addf38c689adbd7182e21673b28bcf306a957aaba215",
    "ApplyNewFee(uint256,uint256)":
        "0x750d10a7f37466ce785ee6bcb604aac543358db42afbcc332a3c12a49c80bf6d",
    "NewParameters(uint256,uint256,uint256)":
        "0x752a27d1853eb7af3ee4ff764f2c4a51619386af721573dd3809e929c39db99e",
    "NewParameters(uint256,uint256,uint256,uint256,uint256,uint256)":
        "0xa32137411fc7c20db359079cd84af0e2cad58cd7a182a8a5e23e08e554e88bf0",
    "NewParameters(uint256,uint256,uint256,uint256,uint256,uint256,uint256)":
        "0x1c65bbdc939f346e5d6f0bde1f072819947438d4fc7b182cc59c2f6dc5504087",
    "ClaimAdminFee(address,uint256)":
        "0x6059a38198b1dc42b3791087d1ff0fbd72b3179553c25f678cd246f52ffaaf59",
    # Curve crypto pools: liquidity moves the price scale
    "AddLiquidity(address,uint256[2],uint256,uint256)":
        "0x540ab385f9b5d450a27404172caade516b3ba3f4be88239ac56a2ad1de2a1f5a",
    "AddLiquidity(address,uint256[2],uint256,uint256,uint256)":
        "0x7196cbf63df1f2ec20638e683ebe51d18260be510592ee1e2efe3f3cfd4c33e9",
    "RemoveLiquidity(address,uint256[2],uint256)":
        "0xdd3c0336a16f1b64f172b7bb0dad5b2b3c7c76f91e8c4aafd6aae60dce800153",
    "RemoveLiquidityImbalance(address,uint256,uint256[2],uint256,uint256)":
        "0x22f9ea3e7d7b113cb423896d2e121f96a66c17814ac7f63d69096769fa3e2a55",
    "AddLiquidity(address,uint256[3],uint256,uint256)":
        "0x96b486485420b963edd3fdec0b0195730035600feb7de6f544383d7950fa97ee",
    "AddLiquidity(address,uint256[3],uint256,uint256,uint256)":
        "0xe1b60455bd9e33720b547f60e4e0cfbf1252d0f2ee0147d53029945f39fe3c1a",
    "RemoveLiquidity(address,uint256[3],uint256)":
        "0xd6cc314a0b1e3b2579f8e64248e82434072e8271290eef8ad0886709304195f5",
    "RemoveLiquidityImbalance(address,uint256,uint256[3],uint256,uint256)":
        "0xf4d059389015560cca110c3d483779a4882ef46d6dbe06fc6a174f8d0011610e",
    # Balancer V2: parameters of a pool
    "SwapFeePercentageChanged(uint256)":
        "0xa9ba3ffe0b6c366b81232caab38605a0699ad5398d6cce76f91ee809e322dafc",
    "AmpUpdateStarted(uint256,uint256,uint256,uint256)":
        "0x1835882ee7a34ac194f717a35e09bb1d24c82a3b9d854ab6c9749525b714cdf2",
    "AmpUpdateStopped(uint256)":
        "0xa0d01593e47e69d07e0ccd87bece09411e07dd1ed40ca8f2e7af2976542a0233",
    "PausedStateChanged(bool)":
        "0x9e3a5e37224532dea67b89face185703738a228a6e8a23dee546960180d3be64",
    "SwapEnabledSet(bool)":
        "0x5a9e84f78f7957cb4ed7478eb0fcad35ee4ecbe2e0f298420b28a3955392573f",
    "GradualWeightUpdateScheduled(uint256,uint256,uint256[],uint256[])":
        "0x0f3631f9dab08169d1db21c6dc5f32536fb2b0a6b9bb5330d71c52132f968be0",
    "TokenRateCacheUpdated(address,uint256)":
        "0xcfed57d90913b5ee1895919dcccaff83a9f7a842d912ef137272e5fc6123aa86",
    "TokenRateCacheUpdated(uint256,uint256)":
        "0xb77a83204ca282e08dc3a65b0a1ca32ea4e6875c38ef0bf5bf75e52a67354fac",
    "TokenRateProviderSet(address,address,uint256)":
        "0xf00a2bf8c71db611a21183e0a96869752bcd9da29372fa76f865eed4fdd540d1",
    "TokenRateProviderSet(uint256,address,uint256)":
        "0xdd6d1c9badb346de6925b358a472c937b41698d2632696759e43fd6527feeec4",
})
"""Logs after which only a fresh read of the pool can tell its state."""
# fmt: on
