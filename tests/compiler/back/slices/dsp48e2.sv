// SPDX-License-Identifier: Apache-2.0
// A DSP48E2 that is used as a DSP48E1 could be, as one: what is wired to the ports of the former, and the
// parameters that both have, are tried. That the two do the same in this mode is AMD's documentation (UG579),
// not this model. It has the parameters and the ports that hls_mul_add.sv gives, and no others.
module DSP48E2 #(
    parameter int ACASCREG = 9, ADREG = 9, ALUMODEREG = 9, AREG = 9, BCASCREG = 9, BREG = 9, CARRYINREG = 9,
    parameter int CARRYINSELREG = 9, CREG = 9, DREG = 9, INMODEREG = 9, MREG = 9, OPMODEREG = 9, PREG = 9,
    parameter A_INPUT = "", B_INPUT = "", USE_MULT = "", USE_SIMD = "", AMULTSEL = "", BMULTSEL = "",
    parameter PREADDINSEL = ""
) (
    input CLK, CARRYIN, CARRYCASCIN, MULTSIGNIN, CEA1, CEA2, CEAD, CEALUMODE, CEB1, CEB2, CEC, CECARRYIN,
    input CECTRL, CED, CEINMODE, CEM, CEP, RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD,
    input RSTINMODE, RSTM, RSTP,
    input [29:0] A, ACIN,
    input [17:0] B, BCIN,
    input [47:0] C, PCIN,
    input [26:0] D,
    input [3:0] ALUMODE,
    input [4:0] INMODE,
    input [2:0] CARRYINSEL,
    input [8:0] OPMODE,
    output [47:0] P, PCOUT,
    output [29:0] ACOUT,
    output [17:0] BCOUT,
    output [7:0] XOROUT,
    output [3:0] CARRYOUT,
    output CARRYCASCOUT, MULTSIGNOUT, OVERFLOW, PATTERNBDETECT, PATTERNDETECT, UNDERFLOW
);
  if (AMULTSEL != "A" || BMULTSEL != "B" || PREADDINSEL != "A") $error("the factors are not A and B");
  assign XOROUT = '0;
  wire [47:0] p;
  // W of OPMODE is 0, or nothing is right.
  assign P = OPMODE[8:7] == 2'b00 ? p : ~p;
  DSP48E1 #(
      .ACASCREG(ACASCREG), .ADREG(ADREG), .ALUMODEREG(ALUMODEREG), .AREG(AREG), .BCASCREG(BCASCREG),
      .BREG(BREG), .CARRYINREG(CARRYINREG), .CARRYINSELREG(CARRYINSELREG), .CREG(CREG), .DREG(DREG),
      .INMODEREG(INMODEREG), .MREG(MREG), .OPMODEREG(OPMODEREG), .PREG(PREG), .A_INPUT(A_INPUT),
      .B_INPUT(B_INPUT), .USE_MULT(USE_MULT), .USE_SIMD(USE_SIMD), .USE_DPORT("FALSE")
  ) slice (
      .D(D[24:0]), .OPMODE(OPMODE[6:0]), .P(p), .*
  );
endmodule
